/// What came of a scenario's cases.
public struct ScenarioReport: Codable, Sendable {
  public struct Count: Codable, Sendable {
    public var cases = 0
    public var failed = 0
  }

  public struct FailedCase: Codable, Sendable {
    /// The command that has the fault.
    public var command: String
    public var problems: [String]
  }

  public var name: String
  /// Points that its command reaches.
  public var points: Int
  /// By way.
  public var ways: [String: Count]
  public var failures: [FailedCase]

  public var cases: Int { ways.values.reduce(0) { $0 + $1.cases } }
}

/// What came of the whole matrix.
public struct MatrixReport: Codable, Sendable {
  public var scenarios: [ScenarioReport]
  /// Points that were reached and that no program lists.
  public var unlisted: [String]
  /// Points that a program lists and that no scenario reaches.
  public var unreached: [String]
  /// Points that the programs list.
  public var points: Int

  public var cases: Int { scenarios.reduce(0) { $0 + $1.cases } }
  public var failures: [ScenarioReport.FailedCase] { scenarios.flatMap(\.failures) }
  public var isPassed: Bool { failures.isEmpty && unlisted.isEmpty && unreached.isEmpty }
}

/// What came of a walk.
public struct WalkReport: Codable, Sendable {
  public var seed: UInt64
  public var commands: Int
  /// Faults that came.
  public var faults: Int
  public var problems: [String]
}
