/// A job run: a row of `etl_job_run`, with its publication.
public struct JobRunSummary: Sendable, Equatable {
  /// The status of a job run.
  public enum Status: String, Sendable, CaseIterable {
    case running
    case success
    /// Published; some records were rejected.
    case partial
    /// Not published.
    case failed
  }

  public let id: Int
  /// The run's identifier in the logs.
  public let runID: String?
  public let status: Status
  /// This and other times are in UTC, as PostgreSQL writes them.
  public let startedAt: String
  public let completedAt: String?
  /// The seconds from its start to its end, or to now.
  public let seconds: Double
  /// The seconds since its last update. A live run updates its row every few seconds.
  public let quietSeconds: Double
  /// The snapshot's source date, ISO 8601.
  public let sourceDate: String?
  /// The source of the snapshot.
  public let source: String?
  public let chunkSize: Int?
  public let counts: RecordCounts
  /// Why it failed.
  public let error: String?
  public let publication: JobPublication?

  /// Records per second; nil while it runs, and if it took less than a millisecond or had no records.
  public var recordsPerSecond: Int? {
    guard status != .running, counts.total > 0, seconds >= 0.001 else { return nil }
    return Int((Double(counts.total) / seconds).rounded())
  }

  /// Whether it is recorded as running, but has not been updated for a minute, so it was killed. The next run closes
  /// it.
  public var isSilent: Bool { status == .running && quietSeconds > 60 }

  /// Why the gate refused the snapshot, if the run failed for that reason.
  public var refusal: SnapshotRefusal? { error.flatMap(SnapshotRefusal.init) }
}

/// The numbers of a snapshot's records by result.
public struct RecordCounts: Sendable, Equatable {
  public var total = 0
  /// Accepted records.
  public var processed = 0
  /// Rejected records except duplicates.
  public var failed = 0
  /// Records that repeat an accepted BAN.
  public var duplicated = 0
  public var blank = 0

  public init(total: Int = 0, processed: Int = 0, failed: Int = 0, duplicated: Int = 0, blank: Int = 0) {
    self.total = total
    self.processed = processed
    self.failed = failed
    self.duplicated = duplicated
    self.blank = blank
  }

  /// Whether the four parts add up to the total.
  public var reconcile: Bool {
    // A run record may contain any numbers, and their sum could overflow.
    var rest = total
    for part in [processed, failed, duplicated, blank] {
      let (left, overflows) = rest.subtractingReportingOverflow(part)
      guard !overflows else { return false }
      rest = left
    }
    return rest == 0
  }
}

/// A publication: a row of `publication`.
public struct JobPublication: Sendable, Equatable {
  /// The numbers of rows in the change feed. They are empty for publications of earlier versions.
  public struct Changes: Sendable, Equatable {
    /// All changes by kind: `added`, `changed`, `removed`, `reappeared`.
    public var kinds: [String: Int]
    /// Removed businesses by reason: `absent`, `rejected`.
    public var reasons: [String: Int]
    /// Changed businesses by column; industries count as one column.
    public var columns: [String: Int]
  }

  public let id: Int
  /// The snapshot's name in the spool.
  public let snapshot: String
  /// `load`, `rollback`, `replay` or `withdraw`.
  public let action: String
  /// `bulk`: an initial load; `reconcile`: an incremental one.
  public let kind: String
  /// Whether the snapshot is the whole registry, not a sample or limited.
  public let isWhole: Bool
  /// The day from which it counts, ISO 8601.
  public let asOfDate: String
  /// The source date of its snapshot, from which the registry's age is counted. Corrections do not change it.
  public let sourceDay: String
  public let publishedAt: String
  /// The businesses in the registry after it.
  public let registrations: Int
  public let industries: Int
  public let inserted: Int
  public let updated: Int
  public let removed: Int
  public let changes: Changes
  /// The businesses that were edited by hand and repaired. No other count includes them.
  public let repaired: Int
  /// Why the gate refused the snapshot, if a user accepted it.
  public let refusals: [String]
  /// Who accepted it.
  public let acceptedBy: String?
  /// Why it was accepted.
  public let acceptReason: String?
}

extension JobPublication.Changes: Decodable {
  private enum CodingKeys: String, CodingKey { case kinds, reasons, columns }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kinds = try container.decodeIfPresent([String: Int].self, forKey: .kinds) ?? [:]
    reasons = try container.decodeIfPresent([String: Int].self, forKey: .reasons) ?? [:]
    columns = try container.decodeIfPresent([String: Int].self, forKey: .columns) ?? [:]
  }
}
