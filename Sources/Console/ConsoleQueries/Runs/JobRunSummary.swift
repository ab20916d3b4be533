/// A run of load: a row of `etl_job_run`, with what it published.
public struct JobRunSummary: Sendable, Equatable {
  public enum Status: String, Sendable, CaseIterable {
    case running
    case success
    /// Published, with records that the rules rejected.
    case partial
    /// Not published.
    case failed
  }

  public let id: Int
  /// Identifier of the run in the logs.
  public let runID: String?
  public let status: Status
  /// Times are as PostgreSQL writes them, in UTC.
  public let startedAt: String
  public let completedAt: String?
  /// From its beginning to its end, or to now.
  public let seconds: Double
  /// How long ago it moved last; while it runs that is a few seconds.
  public let quietSeconds: Double
  /// Date that the snapshot gives itself, ISO 8601.
  public let sourceDate: String?
  /// Where the snapshot came from.
  public let source: String?
  public let chunkSize: Int?
  public let counts: RecordCounts
  /// Why it failed.
  public let error: String?
  public let publication: JobPublication?

  /// Records that it went through in a second; nil where it took no time that could be measured, or runs still.
  public var recordsPerSecond: Int? {
    guard status != .running, counts.total > 0, seconds >= 0.001 else { return nil }
    return Int((Double(counts.total) / seconds).rounded())
  }

  /// Whether it says that it runs, and has not moved for so long that it must have been killed. The next run closes it.
  public var isSilent: Bool { status == .running && quietSeconds > 60 }

  /// Why the gate refused the snapshot, where that is what it failed for.
  public var refusal: SnapshotRefusal? { error.flatMap(SnapshotRefusal.init) }
}

/// What became of a snapshot's records.
public struct RecordCounts: Sendable, Equatable {
  public var total = 0
  /// Accepted by the rules.
  public var processed = 0
  /// Rejected, duplicates not counted.
  public var failed = 0
  /// Repeating a BAN that was accepted before.
  public var duplicated = 0
  public var blank = 0

  public init(total: Int = 0, processed: Int = 0, failed: Int = 0, duplicated: Int = 0, blank: Int = 0) {
    self.total = total
    self.processed = processed
    self.failed = failed
    self.duplicated = duplicated
    self.blank = blank
  }

  /// Whether every record was one of the four.
  public var reconcile: Bool {
    // A record of a run may hold any numbers: their sum must not overflow.
    var rest = total
    for part in [processed, failed, duplicated, blank] {
      let (left, overflows) = rest.subtractingReportingOverflow(part)
      guard !overflows else { return false }
      rest = left
    }
    return rest == 0
  }
}

/// A snapshot that became visible: a row of `publication`.
public struct JobPublication: Sendable, Equatable {
  /// Rows of the change feed. What an earlier version published has none, and no numbers of them.
  public struct Changes: Sendable, Equatable {
    /// `added`, `changed`, `removed`, `reappeared`.
    public var kinds: [String: Int]
    /// Of the removed ones: `absent`, `rejected`.
    public var reasons: [String: Int]
    /// Of the changed ones, by column; industries count as one.
    public var columns: [String: Int]
  }

  public let id: Int
  /// Name of the snapshot in the spool.
  public let snapshot: String
  /// `load`, `rollback`, `replay` or `withdraw`.
  public let action: String
  /// `bulk`: into an empty registry; `reconcile`: what differed.
  public let kind: String
  /// Whether it stands for the whole registry; a sample and a limited one do not.
  public let isWhole: Bool
  /// From which day on it counts, ISO 8601.
  public let asOfDate: String
  /// The date of the snapshot under it, by which the registry's age counts. Corrections make no source younger.
  public let sourceDay: String
  public let publishedAt: String
  /// Rows of the registry after it.
  public let registrations: Int
  public let industries: Int
  public let inserted: Int
  public let updated: Int
  public let removed: Int
  public let changes: Changes
  /// Businesses that a hand had edited and that were made right; they are in no other count.
  public let repaired: Int
  /// Why the gate refused it, where it was accepted all the same …
  public let refusals: [String]
  /// … by whom …
  public let acceptedBy: String?
  /// … and why.
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
