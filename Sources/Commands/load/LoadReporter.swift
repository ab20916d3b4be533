import CommandKit
import LoadStage
import Spool
import Synchronization

/// Converts the events of a load to log events and progress. Several threads call it.
final class LoadReporter: Sendable {
  private struct State {
    var log: EventLog
    var bar: ProgressReporter?
    var jobRunID: Int?
    var snapshot: FinalizedSnapshot?
    var check: LoadCheck?
  }

  private let state: Mutex<State>

  init(log: EventLog) { state = Mutex(State(log: log)) }

  var jobRunID: Int? { state.withLock { $0.jobRunID } }
  var snapshot: FinalizedSnapshot? { state.withLock { $0.snapshot } }
  /// What a refused snapshot would change.
  var check: LoadCheck? { state.withLock { $0.check } }

  func finish() { state.withLock { $0.bar?.finish() } }

  func report(_ event: LoadEvent) {
    state.withLock { state in
      switch event {
      case .snapshotRead(let snapshot): state.snapshot = snapshot
      case .staleRunClosed(let id, _, let error):
        // The run that finds the killed run's marker in its spool logs `etl_failed`.
        state.log.warning("job run \(id) ended without a result, and is marked as failed: \(error)")
      case .jobOpened(let id):
        state.jobRunID = id
        state.log.set(jobRunID: id)
      case .batchStarted(let batch, let count, let records):
        if state.bar == nil {
          state.bar = ProgressReporter("load", unit: .things("batches"), total: count, log: state.log)
        }
        state.log.event(
          .batchStarted, "batch \(batch) of \(count)", ["batch_num": .count(batch), "raw_count": .count(records)])
      case .batchFindings(let batch, let errors, let warnings):
        state.log.debug(
          "batch \(batch): \(errors) errors and \(warnings) warnings; data_import_error has the first of each")
      case .batchCompleted(let report): complete(report, &state)
      case .retrying(let reason, _, let seconds):
        // The next attempt reports every batch again.
        state.bar?.finish()
        state.bar = nil
        state.log.warning("\(reason): trying again in \(Int(seconds.rounded(.up))) s")
      case .note(let text): state.log.info(text)
      case .trouble(let text): state.log.warning(text)
      case .advice(let hint): state.log.advise(hint)
      case .refused(let check): state.check = check
      case .phase(let text):
        state.bar?.finish()
        state.log.info(text)
      }
    }
  }

  private func complete(_ report: BatchReport, _ state: inout State) {
    state.bar?.add(1)
    let totals = report.totals
    state.log.event(
      .batchCompleted,
      report.resumed
        ? "batch \(report.batch) of \(report.of): already loaded, skipped"
        : "batch \(report.batch) of \(report.of): loaded",
      [
        "batch_num": .count(report.batch), "raw_count": .count(totals.total),
        "records_success": .count(totals.processed), "records_failed": .count(totals.failed),
        "records_duplicates": .count(totals.duplicated), "duration_seconds": .number(report.seconds),
      ])
  }
}
