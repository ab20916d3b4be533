import ConsoleQueries
import Mustache

/// The templates of the pages. All of them, including partials, use ``PageEscaping``.
public struct Templates: Sendable {
  private let library: MustacheLibrary

  /// Parses all templates.
  ///
  /// - Throws: if a template is malformed.
  public init() throws {
    MustacheContentTypes.register(PageEscaping(), named: PageEscaping.name)
    var library = MustacheLibrary()
    for (name, bytes) in Self.sources {
      let text = "{{% CONTENT_TYPE: \(PageEscaping.name)}}" + String(decoding: bytes, as: UTF8.self)
      try library.register(text, named: name)
    }
    self.library = library
  }

  /// The names of all templates.
  public static var names: [String] { sources.keys.sorted() }

  /// Renders a template.
  ///
  /// - Returns: HTML; nil if there is no such template.
  public func render(_ name: String, _ values: [String: Any]) -> String? { library.render(values, withTemplate: name) }
}

/// Escapes text for HTML, scalar by scalar. The library's own escaping works on graphemes: it misses a quote that is
/// followed by a combining mark, although that quote ends an attribute. Bidirectional control characters are replaced
/// by their names, ASCII control characters by pictures, others by U+FFFD.
struct PageEscaping: MustacheContentType {
  static let name = "PAGE"

  func escapeText(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
      case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
      case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
      case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
      case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
      case "\t", "\n", "\r": escaped.append(scalar)
      case "\u{7F}": escaped.append("\u{2421}")
      case "\u{80}"..."\u{9F}": escaped.append("\u{FFFD}")
      case let control where control.value < 0x20:
        // Unicode has a picture for each of them, such as ␛.
        if let picture = Unicode.Scalar(0x2400 + control.value) { escaped.append(picture) }
      default:
        if let standIn = EscapedText.bidirectionalStandIn(for: scalar) {
          escaped.append(contentsOf: standIn.unicodeScalars)
        } else {
          escaped.append(scalar)
        }
      }
    }
    return String(escaped)
  }
}
