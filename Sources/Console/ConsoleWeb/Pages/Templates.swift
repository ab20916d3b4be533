import ConsoleQueries
import Mustache

/// The pages' templates. Each is put under ``PageEscaping``'s escaping, partials too.
public struct Templates: Sendable {
  private let library: MustacheLibrary

  /// - Throws: where one cannot be parsed.
  public init() throws {
    MustacheContentTypes.register(PageEscaping(), named: PageEscaping.name)
    var library = MustacheLibrary()
    for (name, bytes) in Self.sources {
      let text = "{{% CONTENT_TYPE: \(PageEscaping.name)}}" + String(decoding: bytes, as: UTF8.self)
      try library.register(text, named: name)
    }
    self.library = library
  }

  public static var names: [String] { sources.keys.sorted() }

  /// - Returns: HTML; nil where there is no such template.
  public func render(_ name: String, _ values: [String: Any]) -> String? { library.render(values, withTemplate: name) }
}

/// Escapes for HTML by scalar. The library's own escaping goes by grapheme: a quote with a combining mark behind it is
/// one character to it, and no quote, but it ends an attribute. Bidirectional control characters are replaced by their
/// names, other control characters by pictures.
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
        // As the pictures that Unicode has of them: ␛.
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
