/// Creates SVG elements as text. It escapes attributes and `text`; `content` must be markup.
enum SVG {
  /// On a phone a picture is a little wider than this, so that its text is no smaller than its nominal size.
  static let width = 320.0
  /// The least length of a mark, so that a value above zero is visible beside one a million times as large.
  static let pixel = 1.0

  static func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ content: String = "")
    -> String
  {
    let attributes = attributes.map { " \($0)=\"\(Escape.xml($1))\"" }.joined()
    return content.isEmpty ? "<\(name)\(attributes)/>" : "<\(name)\(attributes)>\(content)</\(name)>"
  }

  static func group(_ attributes: KeyValuePairs<String, String>, _ content: [String]) -> String {
    content.isEmpty ? "" : element("g", attributes, content.joined())
  }

  /// The tooltip of the enclosing element.
  static func title(_ text: String) -> String { "<title>\(Escape.xml(text))</title>" }

  static func rectangle(x: Double, y: Double, width: Double, height: Double, title: String? = nil) -> String {
    element(
      "rect",
      [
        "x": NumberText.coordinate(x), "y": NumberText.coordinate(y), "width": NumberText.coordinate(width),
        "height": NumberText.coordinate(height),
      ], title.map(Self.title) ?? "")
  }

  static func line(from start: (x: Double, y: Double), to end: (x: Double, y: Double)) -> String {
    element(
      "line",
      [
        "x1": NumberText.coordinate(start.x), "y1": NumberText.coordinate(start.y), "x2": NumberText.coordinate(end.x),
        "y2": NumberText.coordinate(end.y),
      ])
  }

  /// A label whose middle is at `y`. If it is wider than the room it is cut, and its tooltip has the whole text.
  static func text(_ text: String, x: Double, y: Double, room: Double) -> String {
    let shown = LabelWidth.truncated(text, to: room)
    return element(
      "text", ["x": NumberText.coordinate(x), "y": NumberText.coordinate(y + LabelWidth.fontSize / 3)],
      Escape.xml(shown) + (shown == text ? "" : title(text)))
  }
}

/// What every picture has: title and description for screen readers, and a text for a picture without data.
struct Frame: Sendable {
  let id: String
  let title: String
  let description: String
  let emptyText: String
  /// Whether the picture has links. Readers of a picture's description do not get to what is in it.
  var hasLinks = false

  func svg(height: Double, _ content: [String]) -> String {
    let titles = [
      SVG.element("title", ["id": id + "-title"], Escape.xml(title)),
      SVG.element("desc", ["id": id + "-desc"], Escape.xml(description)),
    ]
    return SVG.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "chart", "role": hasLinks ? "group" : "img",
        "aria-labelledby": "\(id)-title \(id)-desc",
        "viewBox": "0 0 \(NumberText.coordinate(SVG.width)) \(NumberText.coordinate(height))",
        "font-size": NumberText.coordinate(LabelWidth.fontSize),
      ], (titles + content).joined())
  }

  var empty: String {
    let text = SVG.text(emptyText, x: SVG.width / 2, y: 30, room: SVG.width)
    return svg(height: 60, [SVG.group(["class": "chart-label", "text-anchor": "middle"], [text])])
  }
}

enum Escape {
  /// Escapes a text for XML content or a quoted attribute value. Characters that XML 1.0 forbids (section 2.2, Char),
  /// even as a reference, become U+FFFD.
  static func xml(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
      case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
      case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
      case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
      case "\t", "\n", "\r": escaped.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped.append("\u{FFFD}")
      default: escaped.append(scalar)
      }
    }
    return String(escaped)
  }
}
