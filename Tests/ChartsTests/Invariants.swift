import Foundation
import Testing

/// Checks the invariants of every chart. `seed` is printed with a failure.
func checkInvariants(_ picture: Picture, id: String, title: String, description: String, seed: UInt64 = 0) throws {
  let root = picture.root
  // A picture is one element for screen readers, unless it has links.
  let role = root.all.contains { $0.name == "a" } ? "group" : "img"
  #expect(root.name == "svg" && root.attributes["role"] == role)
  #expect(root.classes == ["chart"])

  let elements: Set = ["svg", "title", "desc", "g", "rect", "line", "text", "a"]
  let attributes: Set = [
    "xmlns", "class", "role", "aria-labelledby", "viewBox", "font-size", "id", "fill", "pointer-events",
    "text-anchor", "x", "y", "width", "height", "x1", "y1", "x2", "y2", "href", "aria-label",
  ]
  let classes: Set<Substring> = [
    "chart", "chart-bar", "chart-grid", "chart-axis", "chart-label", "series-1", "series-2", "series-3", "series-4",
    "series-5", "series-6", "chart-line", "chart-added", "chart-changed", "chart-removed", "chart-reappeared",
    "chart-target", "chart-value",
  ]
  for element in root.all {
    #expect(elements.contains(element.name), "seed \(seed)")
    #expect(attributes.isSuperset(of: element.attributes.keys), "seed \(seed)")
    #expect(classes.isSuperset(of: element.classes), "seed \(seed)")
  }

  let named = root.all.filter { $0.attributes["id"] != nil }
  #expect(named.map { $0.attributes["id"] } == [id + "-title", id + "-desc"])
  #expect(root.attributes["aria-labelledby"] == "\(id)-title \(id)-desc")
  #expect(named.map(\.name) == ["title", "desc"])
  #expect(same(named.first?.text, readable(title)) && same(named.last?.text, readable(description)), "seed \(seed)")

  for text in picture.shown { #expect(!text.isEmpty, "seed \(seed)") }
  try checkInside(picture, seed: seed)
}

/// Checks that every element is inside the view box.
private func checkInside(_ picture: Picture, seed: UInt64) throws {
  let box = try #require(picture.root.attributes["viewBox"]).split(separator: " ").compactMap { Double($0) }
  try #require(box.count == 4)
  let view = CGRect(x: box[0], y: box[1], width: box[2], height: box[3])
  for element in picture.root.all {
    switch element.name {
    case "rect": #expect(view.holds(try element.rectangle()), "seed \(seed)")
    case "line":
      for end in ["1", "2"] {
        let point = try CGRect(x: element.number("x" + end), y: element.number("y" + end), width: 0, height: 0)
        #expect(view.holds(point), "seed \(seed)")
      }
    default: break
    }
  }
  for group in picture.groups("chart-label") {
    for text in group.children where text.name == "text" {
      #expect(view.holds(try extent(text, group)), "seed \(seed): \(text.text)")
    }
  }
}

extension CGRect {
  /// Whether `other` is inside. Attributes are rounded to hundredths, so 0.02 more are allowed.
  func holds(_ other: CGRect) -> Bool {
    let slack = 0.02
    return other.minX >= minX - slack && other.maxX <= maxX + slack && other.minY >= minY - slack
      && other.maxY <= maxY + slack
  }
}

/// Estimates the box of a text in Arial. A Chinese character is as wide as high, M and W nearly, other capitals less.
func extent(_ text: Element, _ group: Element) throws -> CGRect {
  let size = 12.0
  let width = text.text.reduce(0.0) { sum, character in
    let scalar = character.unicodeScalars.first?.value ?? 0
    let chinese = character == "…" || scalar >= 0x1100 && !(0x2000..<0x2E80).contains(scalar)
    let part = chinese ? 1 : "MW%@".contains(character) ? 0.95 : character.isUppercase ? 0.72 : 0.56
    return sum + size * part
  }
  let shift: Double =
    switch group.attributes["text-anchor"] {
    case "end": width
    case "middle": width / 2
    default: 0
    }
  return try CGRect(
    x: text.number("x") - shift, y: text.number("y") - 0.75 * size, width: width, height: size)
}

/// Checks a formatted figure: commas between thousands, three decimals or three significant digits.
func checkFigure(_ text: String, _ value: Double, seed: UInt64 = 0) throws {
  guard value.isFinite else {
    #expect(text == "–", "seed \(seed)")
    return
  }
  let written = try #require(Double(text.replacing(",", with: "")), "seed \(seed): \(text)")
  let error = abs(written - value)
  let allowed = value == value.rounded() ? 0 : abs(value) >= 1 ? 0.00051 + abs(value) * 1e-12 : abs(value) * 0.0051
  #expect(error <= allowed, "seed \(seed): \(text) for \(value)")
  let plain = try text.wholeMatch(of: Regex("-?[0-9]{1,3}(,[0-9]{3})*(\\.[0-9]*[1-9])?")) != nil
  #expect(plain == (value == 0 || (1e-9..<0x1p54).contains(abs(value))), "seed \(seed): \(text)")
}
