import CloudWatch
import FoundationEssentials
import Glibc
import StructuredLogging
import Support
import Synchronization

/// Sends log records to CloudWatch if `CLOUDWATCH_LOG_GROUP` is set. An error here never fails a run.
enum LogShipping {
  private static let output = Mutex<CloudWatchOutput?>(nil)
  private static let hasBegun = Atomic(false)

  /// Starts sending, once per process; further calls do nothing.
  ///
  /// - Parameter spool: the spool, where unsent events wait; nil if it is not known.
  static func begin(spool: String?) {
    guard !hasBegun.exchange(true, ordering: .relaxed) else { return }
    do {
      guard var settings = try CloudWatchSettings.read() else { return }
      settings.waitingFolder = spool.map { $0 + "/.unsent" }
      let made = CloudWatchOutput(settings)
      output.withLock { $0 = made }
      Logs.add(made)
    } catch { warn("no events are sent to CloudWatch: \(error)") }
  }

  /// Sends the remaining events, reports those that could not be sent, and ends the process.
  static func end(exitCode: Int32) -> Never {
    guard let output = output.withLock({ $0.take() }) else { ProcessEnd.exit(exitCode) }
    let report = output.close()
    describe(report)
    // The thread still uses libcurl and libcrypto, which exit() would clean up.
    if !report.isThreadEnded { ProcessEnd.leavesThread() }
    ProcessEnd.exit(exitCode)
  }

  private static func describe(_ report: CloudWatchOutput.Report) {
    let reason = report.reason.map { ": \($0)" } ?? ""
    if let problem = report.folderProblem { warn("\(problem): events for CloudWatch that wait there are not sent") }
    if report.waiting > 0 {
      warn("\(report.waiting) events for CloudWatch wait in the spool's '.unsent' for the next process\(reason)")
    }
    if report.rejected > 0 {
      let why = report.rejectionReason.map { ": \($0)" } ?? ", which are too old or from the future"
      warn("CloudWatch rejected \(report.rejected) events\(why)")
    }
    if report.dropped > 0 { warn("\(report.dropped) events for CloudWatch are lost\(reason)") }
    if report.damagedLines > 0 {
      warn("\(report.damagedLines) events for CloudWatch that waited in '.unsent' are lost: their files were damaged")
    }
    if report.damagedFiles > 0 {
      warn("\(report.damagedFiles) files in '.unsent' are damaged: their events are not sent; remove them")
    }
    if report.droppedFiles > 0 {
      warn("\(report.droppedFiles) files of events for CloudWatch were removed from '.unsent': there were too many")
    }
  }

  private static func warn(_ message: String) {
    let runID = Environment.value("RUN_ID") ?? UUID().uuidString.lowercased()
    Logs.tellOnStandardError(
      message, ["run_id": .string(runID), "event_id": .string(UUID().uuidString.lowercased())])
  }
}
