/// Which colour is whose, in as many lines as the names need.
struct Legend {
  static let lineHeight = 18.0
  let svg: String
  let height: Double

  init(_ names: [String]) {
    let (swatch, gap) = (10.0, 5.0)
    var (x, y) = (0.0, 0.0)
    var items: [String] = []
    for (index, name) in names.enumerated() {
      let text = min(LabelWidth.of(name), 200)
      if x + swatch + gap + text > SVG.width { (x, y) = (0, y + Self.lineHeight) }
      items.append(
        SVG.group(
          ["class": Self.colour(index)], [SVG.rectangle(x: x, y: y + 4, width: swatch, height: swatch)])
          + SVG.text(name, x: x + swatch + gap, y: y + Self.lineHeight / 2, room: text))
      x += swatch + gap + text + 3 * gap
    }
    svg = SVG.group(["class": "chart-label"], items)
    height = y + Self.lineHeight
  }

  /// The class that colours a series. There are six: the seventh looks like the first.
  static func colour(_ index: Int) -> String { "series-\(index % 6 + 1)" }
}
