/// The result of a scenario's cases.
public struct ScenarioReport: Codable, Sendable {
  /// The number of cases, and of those that have failed.
  public struct Count: Codable, Sendable {
    public var cases = 0
    public var failed = 0
  }

  /// A case that has failed.
  public struct FailedCase: Codable, Sendable {
    /// The command line with the fault.
    public var command: String
    public var problems: [String]
  }

  public var name: String
  /// Number of points that its command reaches.
  public var points: Int
  /// Number of cases by fault.
  public var ways: [String: Count]
  public var failures: [FailedCase]

  public var cases: Int { ways.values.reduce(0) { $0 + $1.cases } }
}

/// The result of the whole matrix.
public struct MatrixReport: Codable, Sendable {
  public var scenarios: [ScenarioReport]
  /// Points that were reached, but that no program lists.
  public var unlisted: [String]
  /// Points that a program lists, but that no scenario reaches.
  public var unreached: [String]
  /// Number of points that the programs list.
  public var points: Int

  public var cases: Int { scenarios.reduce(0) { $0 + $1.cases } }
  public var failures: [ScenarioReport.FailedCase] { scenarios.flatMap(\.failures) }
  public var isPassed: Bool { failures.isEmpty && unlisted.isEmpty && unreached.isEmpty }
}

/// The result of a walk.
public struct WalkReport: Codable, Sendable {
  public var seed: UInt64
  public var commands: Int
  /// Number of faults that occurred.
  public var faults: Int
  public var problems: [String]
}
