import CommandKit
import LoadStage
import Spool
import Support

extension StageRun {
  /// Loads, and writes the result into the summary.
  mutating func load(_ settings: LoadSettings) throws {
    let folder = settings.snapshot
    summary.snapshot = folder.id.description
    let reporter = LoadReporter(log: log)
    defer {
      reporter.finish()
      // The totals and findings of a replay are those of its sheet; a withdrawal has none.
      describe(folder, reporter.snapshot, withTotals: [.load, .rollback].contains(settings.action))
      summary.jobRunID = reporter.jobRunID
      summary.check = reporter.check.map(Summary.Check.init)
      if let id = reporter.jobRunID { log.set(jobRunID: id) }
    }
    var settings = settings
    settings.events = { reporter.report($0) }
    let outcome = try Load.run(settings)
    if outcome.result == .unchanged {
      result = "already done"
    } else {
      records = outcome.totals.total
    }
    for refusal in outcome.refusals { log.warning("published although it was refused: \(refusal)") }
    if outcome.repaired > 0 {
      let which = outcome.repaired > outcome.repairedBANs.count ? ", among them" : ""
      log.warning(
        "repaired \(outcome.repaired) businesses that had been edited by hand\(which): \(outcome.repairedBANs.joined(separator: " "))"
      )
    }
    if settings.acceptance != nil, outcome.refusals.isEmpty, outcome.result == .published {
      log.warning("--accept was not needed: the snapshot was not refused")
    }
    summary.status = outcome.status
    summary.database = Summary.Database(outcome)
  }

  /// Compares the snapshot with the registry, and writes into the summary what a load would do.
  ///
  /// - Throws: a refusal, if the snapshot would be refused and is not accepted.
  mutating func check(_ settings: LoadSettings) throws {
    let folder = settings.snapshot
    summary.snapshot = folder.id.description
    describe(folder, nil)
    var settings = settings
    let reporter = LoadReporter(log: log)
    settings.events = { reporter.report($0) }
    let found = try Load.check(settings)
    records = summary.totals?.total
    summary.check = Summary.Check(found)
    if found.isUnchanged {
      result = "already done"
      summary.status = .unchanged
    } else {
      summary.status = summary.totals.map { $0.failed > 0 } ?? false ? .partial : .success
    }
    // A load that would do nothing would not be refused either.
    guard !found.isUnchanged, !found.refusals.isEmpty else { return }
    guard settings.acceptance != nil else {
      throw Refusal(snapshot: folder.id, reasons: found.refusals, isWhole: found.isWhole).failure
    }
    for refusal in found.refusals {
      log.warning("load --accept would publish the snapshot although it is refused: \(refusal)")
    }
  }

  /// Adds to the summary what fetch and transform recorded about the snapshot, for a load that runs alone.
  ///
  /// - Parameters:
  ///   - snapshot: nil if it could not be read whole. Then the summary gets what can be read, and the load reports the
  ///     error.
  ///   - withTotals: whether the run processes the snapshot's records.
  private mutating func describe(_ folder: SnapshotFolder, _ snapshot: FinalizedSnapshot?, withTotals: Bool = true) {
    if let fetch = snapshot?.fetch ?? (try? FetchManifest.read(at: folder.fetchManifest)) {
      summary.source = fetch.source.url
    }
    if let transform = snapshot?.transform ?? (try? TransformManifest.read(at: folder.transformManifest)) {
      summary.sourceDate = transform.sourceDate
      if withTotals { summary.add(transform) }
    }
  }

  /// Cleans up at the end of a run that has succeeded.
  mutating func cleanUp(_ url: String, _ limits: RetentionLimits) {
    summary.freedBytes = Self.cleanUp(url, spool: spool, limits, log)
  }

  /// Cleans up, and logs what was removed. An error is only logged.
  ///
  /// - Returns: the number of bytes that were freed; nil after an error.
  @discardableResult
  static func cleanUp(_ url: String, spool: String, _ limits: RetentionLimits, _ log: EventLog) -> Int? {
    do {
      let freed = try Cleanup.run(url, spool: spool, limits)
      if freed != Freed() { for line in freed.lines { log.info(line) } }
      return freed.bytes
    } catch {
      log.warning("unable to finish the clean-up: \((error as? Failure)?.message ?? "\(error)")")
      return nil
    }
  }
}

extension Summary.Check {
  init(_ check: LoadCheck) {
    self.init(
      registrations: check.registrations, changes: check.changes, refusals: check.refusals,
      rolledBackTo: check.rolledBackTo)
  }
}

extension Summary.Database {
  init(_ outcome: LoadOutcome) {
    self.init(
      before: outcome.before, after: outcome.after, inserted: outcome.changes.inserted,
      updated: outcome.changes.updated, removed: outcome.changes.removed)
    changes = outcome.counts
    repaired = outcome.repaired
    repairedBANs = outcome.repairedBANs
    acceptedRefusals = outcome.refusals
    rolledBackTo = outcome.rolledBackTo
  }
}
