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
