import Spool
import Support

/// What a load reports while it runs.
public enum LoadEvent: Sendable {
  /// The snapshot's manifests were read and agree.
  case snapshotRead(FinalizedSnapshot)
  /// The row of a killed run was closed. The run's marker in the spool reports its `etl_failed`.
  case staleRunClosed(jobRunID: Int, runID: String?, error: String)
  /// The load has its row; from here on every event names it.
  case jobOpened(jobRunID: Int)
  case batchStarted(batch: Int, of: Int, records: Int)
  /// The batch has findings.
  case batchFindings(batch: Int, errors: Int, warnings: Int)
  case batchCompleted(BatchReport)
  /// Trying again after trouble that may pass.
  case retrying(reason: String, attempt: Int, afterSeconds: Double)
  /// What the load does instead of what might be expected, and why.
  case note(String)
  /// What went wrong without hindering the load.
  case trouble(String)
  /// What a person has to know, with the command for who wants something else.
  case advice(Hint)
  /// The present phase, if no batch is being loaded.
  case phase(String)
}

/// A batch that is loaded.
public struct BatchReport: Sendable {
  public var batch: Int
  public var of: Int
  public var totals: Totals
  /// Businesses that were staged: all of the batch, or those that differ from the registry.
  public var staged: Int
  /// An earlier attempt or run had loaded it.
  public var resumed: Bool
  public var seconds: Double
}
