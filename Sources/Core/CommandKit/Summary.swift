import FoundationEssentials
import Spool
import Support

/// The result of a run, as one document. Each stage of the run adds to it, and the last one prints it.
public struct Summary: Codable, Sendable, Equatable {
  public enum Status: String, Codable, Sendable {
    case success, partial, failed, unchanged
    /// Only in the list of runs.
    case running
  }

  public struct Stage: Codable, Sendable, Equatable {
    public var seconds: Double
    /// `done`, `unchanged`, `already done`, `failed`.
    public var result: String
    /// The number of records that the stage processed, and how many per second.
    public var records: Int?
    public var recordsPerSecond: Int?
  }

  public struct Database: Codable, Sendable, Equatable {
    /// Rows of the registry's two tables.
    public struct State: Codable, Sendable, Hashable {
      public var registrations: Int
      public var industries: Int

      public init(registrations: Int, industries: Int) {
        self.registrations = registrations
        self.industries = industries
      }
    }

    public var before: State
    public var after: State
    public var inserted: Int
    public var updated: Int
    public var removed: Int
    /// Changes that the change feed recorded.
    public var changes = ChangeCounts()
    /// Businesses that were edited by hand and repaired.
    public var repaired = 0
    /// BANs of the repaired businesses, at most 1,000.
    public var repairedBANs: [String] = []
    /// The reasons for refusing the snapshot, if it was accepted anyway.
    public var acceptedRefusals: [String] = []
    /// The published snapshot, if the registry was rolled back to it and the run's snapshot is therefore not loaded.
    public var rolledBackTo: String?

    public init(before: State, after: State, inserted: Int, updated: Int, removed: Int) {
      self.before = before
      self.after = after
      self.inserted = inserted
      self.updated = updated
      self.removed = removed
    }

    private enum CodingKeys: String, CodingKey {
      case before, after, inserted, updated, removed, changes, repaired, acceptedRefusals, rolledBackTo
      // Otherwise it would be written as `repaired_ba_ns`.
      case repairedBANs = "repairedBans"
    }
  }

  /// What a load would do: of a dry run, or of a load that was refused.
  public struct Check: Codable, Sendable, Equatable {
    /// Businesses in the registry now.
    public var registrations: Int
    /// The changes that the feed would record.
    public var changes: ChangeCounts
    /// Why the snapshot would be refused.
    public var refusals: [String]
    /// The published snapshot, if the registry was rolled back to it and a load would therefore do nothing. The changes
    /// are then those of a load that names the snapshot.
    public var rolledBackTo: String?

    public init(registrations: Int, changes: ChangeCounts, refusals: [String], rolledBackTo: String? = nil) {
      self.registrations = registrations
      self.changes = changes
      self.refusals = refusals
      self.rolledBackTo = rolledBackTo
    }
  }

  public struct Problem: Codable, Sendable, Equatable {
    public var stage: String
    public var message: String
    public var hints: [String]
    /// Nil if the run was killed.
    public var exitCode: Int?
  }

  public var runID: String
  /// The command of `pipeline.sh`, or the stage that ran alone.
  public var command: String?
  public var origin: RunOrigin?
  /// UTC, ISO 8601 with milliseconds.
  public var startedAt: String?
  /// Nil while the run is under way.
  public var endedAt: String?
  /// Nil while the run is under way, and if it was killed.
  public var exitCode: Int?
  public var snapshot: String?
  public var status = Status.success
  /// ISO 8601; nil if the source does not state a date.
  public var sourceDate: String?
  public var source: String?
  public var totals: Totals?
  /// Code → count, rejections and warnings alike.
  public var findings: [String: Int]?
  public var notes: Notes?
  public var industries: Int?
  public var stages: [String: Stage] = [:]
  public var jobRunID: Int?
  public var database: Database?
  public var check: Check?
  /// Bytes that the clean-up after the load freed in the spool.
  public var freedBytes: Int?
  public var error: Problem?

  public init(runID: String) { self.runID = runID }

  public init(_ identity: RunIdentity) {
    runID = identity.runID
    command = identity.command
    origin = identity.origin
    startedAt = identity.startedAt
  }

  private enum CodingKeys: String, CodingKey {
    case runID, command, origin, startedAt, endedAt, exitCode, snapshot, status, sourceDate, source, totals, findings,
      notes, industries, stages, jobRunID, database,
      check, freedBytes, error
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(runID, forKey: .runID)
    // Keys that every document has; null if the value is not known.
    try container.encode(command, forKey: .command)
    try container.encode(origin, forKey: .origin)
    try container.encode(startedAt, forKey: .startedAt)
    try container.encode(endedAt, forKey: .endedAt)
    try container.encode(exitCode, forKey: .exitCode)
    try container.encode(snapshot, forKey: .snapshot)
    try container.encode(status, forKey: .status)
    try container.encode(sourceDate, forKey: .sourceDate)
    try container.encode(totals, forKey: .totals)
    try container.encode(findings ?? [:], forKey: .findings)
    try container.encode(notes, forKey: .notes)
    try container.encode(stages, forKey: .stages)
    // Keys that only some documents have.
    try container.encodeIfPresent(source, forKey: .source)
    try container.encodeIfPresent(industries, forKey: .industries)
    try container.encodeIfPresent(jobRunID, forKey: .jobRunID)
    try container.encodeIfPresent(database, forKey: .database)
    try container.encodeIfPresent(check, forKey: .check)
    try container.encodeIfPresent(freedBytes, forKey: .freedBytes)
    try container.encodeIfPresent(error, forKey: .error)
  }

  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }
}

extension Summary {
  /// Adds the counts of a finalized snapshot.
  public mutating func add(_ manifest: TransformManifest) {
    totals = manifest.totals
    findings = manifest.findingCounts
    notes = manifest.notes
    sourceDate = manifest.sourceDate
    industries = manifest.industries
  }

  /// Ends the run with a problem.
  mutating func end(with problem: Problem) {
    status = .failed
    error = problem
    end(exitCode: problem.exitCode)
  }

  mutating func endKilled() {
    end(
      with: Problem(
        stage: nextStage, message: "killed before it ended", hints: ["run the same command again"], exitCode: nil))
  }

  mutating func end(exitCode: Int?) {
    self.exitCode = exitCode
    endedAt = Timestamp.utcMilliseconds()
  }

  /// The stage that was under way, derived from the stages that have ended.
  private var nextStage: String {
    let order = ["fetch", "transform", "load"]
    guard let first = order.firstIndex(where: { stages[$0] != nil }) else {
      return order.contains(command ?? "") ? command ?? "" : "pipeline.sh"
    }
    return order[first...].first { stages[$0] == nil } ?? "load"
  }
}

extension Summary.Problem {
  /// Prepares a failure for output: removes secrets, and renders the hints.
  ///
  /// - Parameter spool: the value of `--spool` on the command line.
  init(_ failure: Failure, stage: String, spool: String?) {
    let failure = failure.withoutSecrets()
    self.init(
      stage: stage, message: failure.message,
      hints: failure.hints.map {
        $0.text(spool: spool.flatMap { $0.mayHoldSecret ? nil : $0 }, databaseURL: DatabaseOptions.typed())
      },
      exitCode: Int(failure.category.exitCode))
  }
}

/// Businesses that a publication added, changed or removed, as recorded in the change feed.
public struct ChangeCounts: Codable, Sendable, Equatable {
  /// By kind: `added`, `changed`, `removed`, `reappeared`.
  public var kinds: [String: Int] = [:]
  /// Removed ones by reason: `absent`, `rejected`.
  public var reasons: [String: Int] = [:]
  /// Changed ones by column; industries count as one column.
  public var columns: [String: Int] = [:]

  public init() {}
}
