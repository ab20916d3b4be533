import ConsoleQueries
import Mustache

/// The templates of the pages in one language. All of them, including partials, use ``PageEscaping``.
///
/// A template names a text of the interface as `{{t.key}}`. The texts are put in once, when the templates are parsed:
/// a list has the names of its columns in every row.
public struct Templates: Sendable {
  private let library: MustacheLibrary

  /// A template names a text that does not exist.
  struct UnknownText: Error {
    let template: String
    let key: String
  }

  /// Parses all templates.
  ///
  /// - Throws: if a template is malformed or names an unknown text.
  public init(_ language: Language) throws {
    MustacheContentTypes.register(PageEscaping(), named: PageEscaping.name)
    let texts = Texts.all[language]
    var library = MustacheLibrary()
    for (name, bytes) in Self.sources {
      let source = String(decoding: bytes, as: UTF8.self)
      let text = try source.replacing(/\{\{t\.([a-z_0-9]+)\}\}/) { match in
        guard let text = texts[String(match.output.1)] else {
          throw UnknownText(template: name, key: String(match.output.1))
        }
        return PageEscaping().escapeText(text)
      }
      if let other = text.firstMatch(of: /\{\{[^}]*\bt\./) {
        throw UnknownText(template: name, key: String(other.output))
      }
      try library.register("{{% CONTENT_TYPE: \(PageEscaping.name)}}" + text, named: name)
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
package struct PageEscaping: MustacheContentType {
  package static let name = "PAGE"

  package init() {}

  package func escapeText(_ text: String) -> String {
    // Most texts need no change, and to look at each scalar's properties is slow.
    guard text.utf8.contains(where: Self.mayNeedChange) else { return text }
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

  /// Whether a byte begins a character that is escaped or replaced: 0xC2 the controls from U+0080, 0xD8 the Arabic and
  /// 0xE2 the other bidirectional controls.
  private static func mayNeedChange(_ byte: UInt8) -> Bool {
    switch byte {
    case 0..<0x20, 0x7F, 0xC2, 0xD8, 0xE2: true
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "\""), UInt8(ascii: "'"): true
    default: false
    }
  }
}
