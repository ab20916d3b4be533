/// A series of values, one for each label of its chart: counts, or durations in the chart's unit.
public struct Series: Sendable {
  /// What a colour means; the style sheet has the colours.
  public enum Meaning: String, Sendable { case added, changed, removed, reappeared }

  public let name: String
  public let values: [Double]
  /// Nil for a colour by the series's place.
  public var meaning: Meaning?

  /// Creates a series. Values that are not finite, or beyond the end of `values`, count as missing: they have no
  /// column, and their text is a dash.
  public init(_ name: String, values: [Double]) {
    self.name = name
    self.values = values
  }

  public init(_ name: String, counts: [Int], meaning: Meaning? = nil) {
    self.init(name, values: counts.map(Double.init))
    self.meaning = meaning
  }

  /// The CSS class that colours the series at a place of its chart. There are six colours; the seventh series has the
  /// first one again.
  func colour(at index: Int) -> String { meaning.map { "chart-\($0)" } ?? "series-\(index % 6 + 1)" }

  func value(_ index: Int) -> Double? { index < values.count && values[index].isFinite ? values[index] : nil }
}

/// The values of a chart for a table beside it, formatted as in the picture; units are in the header.
public struct ChartTable: Sendable, Equatable {
  public let header: [String]
  public let rows: [[String]]

  static func heading(_ name: String, unit: String?) -> String { unit.map { "\(name) (\($0))" } ?? name }
}

extension Double {
  /// The value bounded for drawing: marks only grow upwards from zero, and no count here exceeds 1e12.
  var drawn: Double { Swift.min(Swift.max(self, 0), 1e12) }
}

/// An axis between round numbers that cover the values, with ticks 1, 2 or 5 times a power of ten apart.
struct Scale {
  private let step: Double
  private let steps: Int
  /// The number of steps from zero to the beginning of the axis.
  private let before: Int

  /// - Parameters:
  ///   - minimum: the axis begins at or below this value.
  ///   - whole: whether all values are whole numbers; then the ticks are whole numbers too.
  init(from minimum: Double = 0, covering maximum: Double, whole: Bool) {
    // If all values are equal, any scale will do. Ticks are no finer than a billionth, which `NumberText` writes without
    // an exponent.
    let range = maximum > minimum ? max(maximum - minimum, 1e-8) : 1
    let least = whole ? max(range / 4, 1) : range / 4
    var power = 1.0
    while power > least { power /= 10 }
    while power * 10 <= least { power *= 10 }
    let step = [1, 2, 5].map { $0 * power }.first { $0 >= least } ?? power * 10
    self.step = step
    before = Int((minimum / step).rounded(.down))
    steps = max(1, Int((max(maximum, minimum + range) / step).rounded(.up)) - before)
  }

  var ticks: [Double] { (before...before + steps).map { Double($0) * step } }

  /// Returns a value's share of the axis, 0 to 1.
  func share(_ value: Double) -> Double { (value - Double(before) * step) / (Double(steps) * step) }
}
