/// One row of values, one for each label of its chart: counts, or durations in the chart's unit.
public struct Series: Sendable {
  public let name: String
  public let values: [Double]

  /// A value that is not finite, or that the row is too short for, is missing: nothing is drawn, a dash is written.
  public init(_ name: String, values: [Double]) {
    self.name = name
    self.values = values
  }

  public init(_ name: String, counts: [Int]) { self.init(name, values: counts.map(Double.init)) }

  func value(_ index: Int) -> Double? { index < values.count && values[index].isFinite ? values[index] : nil }
}

/// The figures of a picture for a table beside it, written as in the picture; units stand in the header.
public struct ChartTable: Sendable, Equatable {
  public let header: [String]
  public let rows: [[String]]

  static func heading(_ name: String, unit: String?) -> String { unit.map { "\(name) (\($0))" } ?? name }
}

extension Double {
  /// What is drawn for a value: marks grow from zero one way, and 1e12 is beyond everything that is counted here.
  var drawn: Double { Swift.min(Swift.max(self, 0), 1e12) }
}

/// An axis from zero to a round number that covers the largest value, with ticks 1, 2 or 5 times a power of ten apart.
struct Scale {
  private let step: Double
  private let steps: Int

  /// - Parameter whole: whether the values are all whole numbers; then the ticks are, too: there is no half business.
  init(covering maximum: Double, whole: Bool) {
    // With nothing but zeros any scale is right. Ticks are no finer than a billionth, which `NumberText` writes in
    // digits.
    let maximum = maximum > 0 ? max(maximum, 1e-8) : 1
    let least = whole ? max(maximum / 4, 1) : maximum / 4
    var power = 1.0
    while power > least { power /= 10 }
    while power * 10 <= least { power *= 10 }
    let step = [1, 2, 5].map { $0 * power }.first { $0 >= least } ?? power * 10
    self.step = step
    steps = Int((maximum / step).rounded(.up))
  }

  var ticks: [Double] { (0...steps).map { Double($0) * step } }

  /// Which part of the axis a value takes.
  func share(_ value: Double) -> Double { value / (Double(steps) * step) }
}
