import FoundationEssentials

/// The summary of a run: the document that the pipeline prints with `--json`.
public struct RunSummary: Sendable, Equatable {
  /// A stage of the run.
  public struct Stage: Sendable, Equatable {
    public let name: String
    public let seconds: Double
    /// `done`, `unchanged`, `already done`, `failed`.
    public let result: String
    public let recordsPerSecond: Int?
  }

  /// The effect on the registry.
  public struct Database: Sendable, Equatable {
    public let registrations: Int
    public let inserted: Int
    public let updated: Int
    public let removed: Int
    /// The snapshot that a rollback went back to, if the load therefore did nothing.
    public let rolledBackTo: String?
  }

  /// What a load would do: of a dry run, or of a load that was refused.
  public struct Check: Sendable, Equatable, Decodable {
    public let registrations: Int
    public let changes: JobPublication.Changes
    public let refusals: [String]
    /// The snapshot that a rollback went back to, if a load would therefore do nothing. The changes are then those of
    /// loading the snapshot again.
    public let rolledBackTo: String?

    private enum CodingKeys: String, CodingKey {
      case registrations, changes, refusals
      case rolledBackTo = "rolled_back_to"
    }

    /// The number of registrations after the load.
    public var registrationsAfter: Int {
      let kinds = changes.kinds
      return registrations + kinds["added", default: 0] + kinds["reappeared", default: 0] - kinds["removed", default: 0]
    }
  }

  /// The error of a failed run.
  public struct Problem: Sendable, Equatable {
    public let stage: String
    public let message: String
    public let hints: [String]
    /// Nil if the run was killed.
    public let exitCode: Int?
  }

  /// The run's identifier in the logs.
  public let runID: String?
  /// The command of `pipeline.sh`; nil in the output of versions without run records.
  public let command: String?
  /// `shell`, `schedule`, `console`.
  public let origin: String?
  /// In UTC, ISO 8601 with milliseconds.
  public let startedAt: String?
  /// Nil while the run is under way.
  public let endedAt: String?
  /// Nil while the run is under way, and if it was killed.
  public let exitCode: Int?
  /// `success`, `partial`, `failed`, `unchanged`, or in the list of runs `running`.
  public let status: String
  public let snapshot: String?
  public let sourceDate: String?
  public let source: String?
  public let counts: RecordCounts?
  /// Numbers of rejections and warnings by code. They include findings that the database does not keep.
  public let findings: [String: Int]
  /// In the order in which they run.
  public let stages: [Stage]
  public let jobRunID: Int?
  public let database: Database?
  /// Nil unless a dry run compared with the database, or a load was refused.
  public let check: Check?
  public let problem: Problem?

  /// The names of the stages, in order.
  public static let stageNames = ["fetch", "transform", "load"]

  /// Why a stage refused the snapshot, if the run failed for that reason.
  public var refusal: SnapshotRefusal? { problem.flatMap { SnapshotRefusal($0.message) } }

  /// Parses a summary.
  ///
  /// - Returns: nil if it is not such a document.
  public init?(json: String) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let document = try? decoder.decode(Document.self, from: Data(json.utf8)) else { return nil }
    runID = document.runId
    command = document.command
    origin = document.origin
    startedAt = document.startedAt
    endedAt = document.endedAt
    exitCode = document.exitCode
    status = document.status
    snapshot = document.snapshot
    sourceDate = document.sourceDate
    source = document.source
    counts = document.totals.map {
      RecordCounts(
        total: $0.total, processed: $0.processed, failed: $0.failed, duplicated: $0.duplicated, blank: $0.blank)
    }
    // Codes and columns are dictionary keys with underscores, which the first decoder's key strategy would change.
    let keyed = try? JSONDecoder().decode(Keyed.self, from: Data(json.utf8))
    findings = keyed?.findings ?? [:]
    check = keyed?.check
    stages = Self.stageNames.compactMap { name in
      document.stages[name].map {
        Stage(name: name, seconds: $0.seconds, result: $0.result, recordsPerSecond: $0.recordsPerSecond)
      }
    }
    jobRunID = document.jobRunId
    database = document.database.map {
      Database(
        registrations: $0.after.registrations, inserted: $0.inserted, updated: $0.updated, removed: $0.removed,
        rolledBackTo: $0.rolledBackTo)
    }
    problem = document.error.map {
      Problem(stage: $0.stage, message: $0.message, hints: $0.hints, exitCode: $0.exitCode)
    }
  }

  private struct Keyed: Decodable {
    let findings: [String: Int]?
    let check: Check?
  }

  private struct Document: Decodable {
    struct Totals: Decodable { let total, processed, failed, duplicated, blank: Int }
    struct Stage: Decodable {
      let seconds: Double
      let result: String
      let recordsPerSecond: Int?
    }
    struct Database: Decodable {
      struct State: Decodable { let registrations: Int }
      let after: State
      let inserted, updated, removed: Int
      let rolledBackTo: String?
    }
    struct Problem: Decodable {
      let stage, message: String
      let hints: [String]
      let exitCode: Int?
    }

    let runId, command, origin, startedAt, endedAt: String?
    let exitCode: Int?
    let status: String
    let snapshot, sourceDate, source: String?
    let totals: Totals?
    let stages: [String: Stage]
    let jobRunId: Int?
    let database: Database?
    let error: Problem?
  }
}
