/// `accepted.json`: a user accepted the snapshot although it was refused. Transform does not refuse it again.
public struct AcceptanceManifest: Manifest, Hashable {
  public var format = SpoolFormat.current
  /// The operating system's user.
  public var acceptedBy: String
  /// ISO 8601, UTC.
  public var acceptedAt: String
  /// The user's reason.
  public var reason: String
  /// The reasons of the refusal, each with its numbers.
  public var refusals: [String]

  public init(acceptedBy: String, acceptedAt: String, reason: String, refusals: [String]) {
    self.acceptedBy = acceptedBy
    self.acceptedAt = acceptedAt
    self.reason = reason
    self.refusals = refusals
  }
}

/// `changes/000012.json`: what a job run changed by publishing the snapshot, for readers without the database.
public struct ChangesManifest: Manifest, Hashable {
  public var format = SpoolFormat.current
  /// Number of the run in etl_job_run.
  public var jobRunID: Int
  /// The run's ID in the logs. It tells apart databases that are loaded from one spool.
  public var runID: String?
  /// `load`, `rollback`, `replay` or `withdraw`.
  public var action: String
  public var sourceDate: String?
  /// Lines of JSON, sorted by BAN; `records` is their number.
  public var changes: FileEntry

  public init(jobRunID: Int, runID: String?, action: String, sourceDate: String?, changes: FileEntry) {
    self.jobRunID = jobRunID
    self.runID = runID
    self.action = action
    self.sourceDate = sourceDate
    self.changes = changes
  }
}
