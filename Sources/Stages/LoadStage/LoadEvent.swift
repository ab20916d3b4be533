import Spool
import Support

/// What a load reports while it runs.
public enum LoadEvent: Sendable {
  /// The snapshot's manifests were read and agree.
  case snapshotRead(FinalizedSnapshot)
  /// The row of a killed run was closed. The run that finds its marker in the spool logs its `etl_failed`.
  case staleRunClosed(jobRunID: Int, runID: String?, error: String)
  /// The load's row was inserted; log events carry its ID from now on.
  case jobOpened(jobRunID: Int)
  case batchStarted(batch: Int, of: Int, records: Int)
  /// The batch has findings.
  case batchFindings(batch: Int, errors: Int, warnings: Int)
  case batchCompleted(BatchReport)
  /// A retryable error; the load tries again after a pause.
  case retrying(reason: String, attempt: Int, afterSeconds: Double)
  /// An unusual decision of the load, and the reason.
  case note(String)
  /// An error that does not stop the load.
  case trouble(String)
  /// A notice for the operator, with the command for another choice.
  case advice(Hint)
  /// The snapshot is refused; this is what it would change.
  case refused(LoadCheck)
  /// A phase begins in which no batch is loaded.
  case phase(String)
}

/// A batch that is loaded.
public struct BatchReport: Sendable {
  public var batch: Int
  public var of: Int
  public var totals: Totals
  /// Businesses that were staged: all of the batch, or those that differ from the registry.
  public var staged: Int
  /// Whether an earlier attempt or run had loaded it.
  public var resumed: Bool
  public var seconds: Double
}
