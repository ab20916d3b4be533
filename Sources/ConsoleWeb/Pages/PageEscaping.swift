import ConsoleQueries
import Mustache

/// Escapes for HTML by scalar. The library's own escaping goes by grapheme: a quote with a combining mark behind it is
/// one character to it, and no quote, but it ends an attribute. Bidirectional control characters are replaced by their
/// names.
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
      default:
        if let standIn = VisibleText.bidirectionalStandIn(for: scalar) {
          escaped.append(contentsOf: standIn.unicodeScalars)
        } else {
          escaped.append(scalar)
        }
      }
    }
    return String(escaped)
  }
}
