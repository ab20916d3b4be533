import CommandKit
import Spool

/// What became of a load that did not fail.
public struct LoadOutcome: Sendable {
  public enum Result: String, Sendable {
    /// The registry holds this snapshot already; nothing was written.
    case unchanged
    case published
  }

  public var result: Result
  public var status: Summary.Status
  /// Nil where nothing was written.
  public var jobRunID: Int?
  /// The way it went, nil where nothing was written.
  public var kind: LoadKind?
  public var totals: Totals
  public var before: RegistryState
  public var after: RegistryState
  public var changes: RegistryChanges
  /// As the change feed has them.
  public var counts = ChangeCounts()
  /// Businesses that were edited by hand and were repaired.
  public var repaired = 0
  /// Which, the first thousand.
  public var repairedBANs: [String] = []
  /// Why the snapshot was refused, where it was accepted all the same.
  public var refusals: [String] = []
  public var batches: Int
  /// Batches that an earlier attempt or run had loaded.
  public var batchesResumed: Int
  public var seconds: Double
}

/// Rows of the registry's two tables.
public typealias RegistryState = Summary.Database.State

/// Businesses by what the load did to them.
public struct RegistryChanges: Codable, Sendable, Hashable {
  public var inserted = 0
  public var updated = 0
  public var removed = 0
  /// In the snapshot, and left as they were.
  public var unchanged = 0

  public init() {}
}

/// The ways to make the registry equal to a snapshot.
public enum LoadKind: String, Codable, Sendable {
  /// Into new tables that no reader sees, put in place of the empty ones.
  case initial = "bulk"
  /// Only what differs is written.
  case incremental = "reconcile"
}
