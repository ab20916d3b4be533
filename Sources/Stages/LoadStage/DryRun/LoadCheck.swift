import CommandKit
import Postgres
import Spool
import Support

/// What a load of a snapshot would do.
public struct LoadCheck: Sendable {
  /// Whether a load would do nothing: the registry already holds the snapshot, or a rollback went back from it.
  public var isUnchanged = false
  /// The published snapshot, if a rollback went back to it and a load would therefore do nothing. The changes are then
  /// those of a load that names the snapshot.
  public var rolledBackTo: String?
  /// Businesses in the registry now.
  public var registrations = 0
  /// The changes that the feed would record. Into an empty registry every business is `added`.
  public var changes = ChangeCounts()
  /// Why the snapshot would be refused.
  public var refusals: [String] = []
  /// Whether the snapshot is whole: neither a sample nor limited.
  public let isWhole: Bool
}

extension Load {
  /// Compares a snapshot with the registry as a load would, in one read-only transaction. It writes nothing, waits for
  /// no lock, and needs only the right to read.
  ///
  /// - Throws: only ``Failure``.
  public static func check(_ settings: LoadSettings) throws -> LoadCheck {
    do {
      return try settings.snapshot.use { try LoadRun(settings).check() }
    } catch { throw Failure(from: error) }
  }
}

extension LoadRun {
  func check() throws -> LoadCheck {
    try RejectBudget.requireAccepted(snapshot.totals, of: settings.snapshot)
    var access = access
    access.settings.isReadOnly = true
    var session = try access.open()
    return try session.transaction("check", .snapshot) { session in
      guard try session.bool("SELECT pg_catalog.to_regclass('schema_migration') IS NOT NULL") else {
        try Migrator.refuseForeignTables(&session)
        return initialLoad(Gate.refusalsOfFile(settings, snapshot))
      }
      try Migrator.requireCurrent(&session)
      let standing = try Standing.find(for: snapshot, settings.action, &session)
      guard let last = standing.last else {
        return initialLoad(
          try Gate.initialRefusals(settings, snapshot, &session), over: standing.published?.state.registrations ?? 0)
      }
      let corrections = try readCorrections(&session)
      var check = LoadCheck(isWhole: snapshot.whole)
      check.registrations = last.state.registrations
      let reason = try nothingToDo(last, corrections, &session)
      check.isUnchanged = reason != nil
      check.rolledBackTo = reason?.rolledBackTo
      try requireRows(of: last, &session)
      if !check.isUnchanged || check.rolledBackTo != nil { try compare(last, corrections, into: &check, &session) }
      return check
    }
  }

  private func initialLoad(_ refusals: [String], over registrations: Int = 0) -> LoadCheck {
    var check = LoadCheck(isWhole: snapshot.whole)
    check.registrations = registrations
    check.changes.kinds["added"] = snapshot.totals.processed
    check.refusals = refusals
    return check
  }

  private func compare(
    _ last: Publication, _ corrections: Corrections, into check: inout LoadCheck, _ session: inout Connection
  ) throws {
    let hashes = try RegistryContent.hashes(&session)
    check.registrations = hashes.count + hashes.invalidBANs.count
    let comparison = DiffBuilder(hashes, corrections, isRepair: last.holds(snapshot))
    var counter = ChangeCounter(comparison)
    for batch in snapshot.batches {
      let findings = try BatchFindings(snapshot.findings(of: batch), header: snapshot.header()) {
        comparison.concerns($0, isError: $1)
      }
      try counter.count(snapshot, batch, findings, &session)
    }
    let diff = comparison.diff(whole: snapshot.whole)
    check.changes = counter.counts
    for removal in diff.removals where !removal.isRepair {
      check.changes.kinds["removed", default: 0] += 1
      check.changes.reasons[removal.reason, default: 0] += 1
    }
    check.refusals = try Gate.refusals(
      settings, snapshot, last: last, registrations: check.registrations, lost: diff.lost,
      emptied: { _ in counter.emptied }, &session)
  }
}
