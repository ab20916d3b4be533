import CommandKit
import Postgres

/// What became of a load that did not fail.
extension LoadRun {
  func held(_ last: Publication) -> LoadOutcome {
    settings.events(.note("the registry holds what snapshot \(snapshot.id) gives it: nothing to do"))
    return unchanged(last)
  }

  func unchanged(_ last: Publication) -> LoadOutcome {
    var changes = RegistryChanges()
    changes.unchanged = snapshot.totals.processed
    return LoadOutcome(
      result: .unchanged, status: .unchanged, jobRunID: nil, kind: nil, totals: snapshot.totals, before: last.state,
      after: last.state, changes: changes, batches: snapshot.batches.count, batchesResumed: 0,
      seconds: Timestamp.monotonicSeconds() - started)
  }

  func outcome(_ publication: Publication, before: RegistryState, resumed: Int = 0) -> LoadOutcome {
    var changes = RegistryChanges()
    changes.inserted = publication.inserted
    changes.updated = publication.updated
    changes.removed = publication.removed
    changes.unchanged = snapshot.totals.processed - publication.inserted - publication.updated
    return LoadOutcome(
      result: .published, status: settings.status(of: snapshot), jobRunID: publication.jobRunID, kind: publication.kind,
      totals: settings.totals(of: snapshot), before: before, after: publication.state, changes: changes,
      counts: publication.changes, repaired: publication.repaired, repairedBANs: publication.repairedBANs,
      refusals: publication.refusals,
      batches: snapshot.batches.count, batchesResumed: resumed, seconds: Timestamp.monotonicSeconds() - started)
  }
}
