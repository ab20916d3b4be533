/// Formats numbers.
enum NumberText {
  /// Formats a number for people: thousands separated by commas, at most three decimals, below one three significant
  /// digits. Nil is an en dash.
  static func text(_ value: Double?) -> String {
    guard let value else { return "–" }
    let magnitude = abs(value)
    // Outside these bounds a Double describes itself with an exponent, which reads better than all its digits.
    guard magnitude < 0x1p54, magnitude == 0 || magnitude >= 1e-9 else { return value.description }
    var decimals = 0
    if magnitude != magnitude.rounded() {
      decimals = 3
      var one = 0.1
      while magnitude < one {
        decimals += 1
        one /= 10
      }
    }
    let (whole, fraction) = split(magnitude, decimals)
    let grouped = String(whole).reversed().enumerated().map { $0 > 0 && $0 % 3 == 0 ? "\($1)," : "\($1)" }
    return (value < 0 ? "-" : "") + grouped.reversed().joined() + fraction
  }

  static func text(_ value: Double?, unit: String?) -> String {
    guard value != nil, let unit else { return text(value) }
    return text(value) + " " + unit
  }

  /// Formats a geometry attribute, from 0 to the size of a picture, in hundredths of a pixel.
  static func coordinate(_ value: Double) -> String {
    let (whole, fraction) = split(value, 2)
    return String(whole) + fraction
  }

  private static func split(_ magnitude: Double, _ decimals: Int) -> (whole: Int, fraction: String) {
    let unit = (0..<decimals).reduce(1) { product, _ in product * 10 }
    let scaled = Int((magnitude * Double(unit)).rounded())
    var digits = String(scaled % unit)
    digits = String(repeating: "0", count: decimals - min(digits.count, decimals)) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    return (scaled / unit, digits.isEmpty ? "" : "." + digits)
  }
}

/// The legend: the colour of each series, in as many lines as the names need.
struct Legend {
  static let lineHeight = 18.0
  let svg: String
  let height: Double

  init(_ series: [Series]) {
    let (swatch, gap) = (10.0, 5.0)
    var (x, y) = (0.0, 0.0)
    var items: [String] = []
    for (index, one) in series.enumerated() {
      let name = one.name
      let text = min(LabelWidth.of(name), 200)
      if x + swatch + gap + text > SVG.width { (x, y) = (0, y + Self.lineHeight) }
      items.append(
        SVG.group(
          ["class": one.colour(at: index)], [SVG.rectangle(x: x, y: y + 4, width: swatch, height: swatch)])
          + SVG.text(name, x: x + swatch + gap, y: y + Self.lineHeight / 2, room: text))
      x += swatch + gap + text + 3 * gap
    }
    svg = SVG.group(["class": "chart-label"], items)
    height = y + Self.lineHeight
  }
}
