import Spool

/// What a load tells while it is at work.
public enum LoadEvent: Sendable {
  /// A run that ended without a word was found and closed. Its `etl_failed` is told by its marker in the spool.
  case staleRunClosed(jobRunID: Int, runID: String?, error: String)
  /// The load has its row; from here on every event names it.
  case jobOpened(jobRunID: Int)
  case batchStarted(batch: Int, of: Int, records: Int)
  /// The batch has findings.
  case batchFindings(batch: Int, errors: Int, warnings: Int)
  case batchCompleted(BatchReport)
  /// Trying again after trouble that may pass.
  case retrying(reason: String, attempt: Int, afterSeconds: Double)
  /// What is done instead of what might be expected, and why.
  case note(String)
  /// What went wrong without hindering the load.
  case trouble(String)
  /// What the load is at, when no batch is under way.
  case phase(String)
}

/// A batch that is in.
public struct BatchReport: Sendable {
  public var batch: Int
  public var of: Int
  public var totals: Totals
  /// Businesses that were staged: all of the batch, or those that differ from the registry.
  public var staged: Int
  /// It was in already, left by an earlier attempt or run.
  public var resumed: Bool
  public var seconds: Double
}
