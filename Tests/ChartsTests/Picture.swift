import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An element as an independent XML parser reads it.
final class Element {
  let name: String
  let attributes: [String: String]
  /// The text directly in the element.
  var text = ""
  var children: [Element] = []

  init(_ name: String, _ attributes: [String: String]) { (self.name, self.attributes) = (name, attributes) }

  var all: [Element] { [self] + children.flatMap(\.all) }
  var title: String? { children.first { $0.name == "title" }?.text }
  var classes: [Substring] { (attributes["class"] ?? "").split(separator: " ") }

  func number(_ attribute: String) throws -> Double { try #require(attributes[attribute].flatMap(Double.init)) }
  func rectangle() throws -> CGRect {
    try CGRect(x: number("x"), y: number("y"), width: number("width"), height: number("height"))
  }
}

/// A chart's SVG, parsed.
struct Picture {
  let root: Element

  init(_ svg: String) throws {
    let reader = Reader()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = reader
    let parsed = parser.parse()
    try #require(parsed, "\(String(describing: parser.parserError)) in \(svg.prefix(2000))")
    root = try #require(reader.root)
  }

  func groups(_ name: String) -> [Element] { root.all.filter { $0.name == "g" && $0.classes.contains(name[...]) } }
  /// The marks of each series.
  var marks: [[Element]] { groups("chart-bar").map(\.children) }
  /// The areas that show values under the pointer, one for each label.
  var targets: [Element] { areas.map { area in area.all.first { $0.name == "rect" } ?? area } }
  /// The values that each area shows: a tooltip, or lines in the picture.
  var shown: [String] {
    areas.map { area in
      area.title ?? area.all.filter { $0.name == "text" }.map { $0.title ?? $0.text }.joined(separator: "\n")
    }
  }
  private var areas: [Element] { root.all.filter { $0.attributes["pointer-events"] == "all" }.flatMap(\.children) }
  func texts(anchored anchor: String?) -> [Element] {
    groups("chart-label").filter { $0.attributes["text-anchor"] == anchor }.flatMap(\.children)
      .filter { $0.name == "text" }
  }

  /// Returns the numbers at the axis with the positions of their lines.
  func ticks(unit: String? = nil) throws -> [(value: Double, y: Double)] {
    let lines = try (groups("chart-axis") + groups("chart-grid")).flatMap(\.children).map { try $0.number("y1") }
    let numbers = try texts(anchored: "end").map { text in
      if let unit { #expect(text.text.hasSuffix(" " + unit)) }
      let digits = text.text.dropLast(unit.map { $0.count + 1 } ?? 0)
      return try #require(Double(digits.replacing(",", with: "")), "\(text.text)")
    }
    try #require(lines.count == numbers.count)
    return zip(numbers, lines).map { (value: $0, y: $1) }
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var root: Element?
    private var open: [Element] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      let element = Element(name, attributes)
      open.last?.children.append(element)
      if open.isEmpty { root = element }
      open.append(element)
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
      open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) { open.last?.text += text }
  }
}

/// Returns a text as an XML reader gets it: characters that XML 1.0 forbids are replaced (section 2.2), and line ends
/// are normalised (section 2.11).
func readable(_ text: String) -> String {
  var (result, previous) = (String.UnicodeScalarView(), Unicode.Scalar(0))
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0xA where previous == "\r": break
    case 0xD: result.append("\n")
    case 0x9, 0xA, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: result.append(scalar)
    default: result.append("\u{FFFD}")
    }
    previous = scalar
  }
  return String(result)
}

/// Whether both have the same Unicode scalars. `==` also treats canonically equivalent strings as equal.
func same(_ one: String?, _ other: String) -> Bool {
  one.map { $0.unicodeScalars.elementsEqual(other.unicodeScalars) } ?? false
}
