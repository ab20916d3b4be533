import ConsoleWeb
import Testing

/// A case lists the runs of a day as `COMMAND:OUTCOME`, oldest first. Expected runs are given by their index, from 0.
@Suite("Latest runs")
struct LatestRunsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let runs: String
    var failure: Int?
    var success: Int?
    var running: Int?
    var failedDryRun: Int?
    var testDescription: String { runs }
  }

  private static let cases = [
    Case(runs: ""),
    Case(runs: "run:success", success: 0),
    Case(runs: "run:partial", success: 0),
    Case(runs: "run:failed", failure: 0),
    // A dry run neither hides a failure nor raises one.
    Case(runs: "run:failed dry-run:success", failure: 0),
    Case(runs: "run:failed dry-run:partial dry-run:unchanged", failure: 0),
    Case(runs: "run:success dry-run:failed", success: 0, failedDryRun: 1),
    Case(runs: "run:success dry-run:failed dry-run:success", success: 0),
    Case(runs: "run:success dry-run:failed dry-run:stopped", success: 0, failedDryRun: 1),
    Case(runs: "run:success dry-run:failed run:success", success: 2),
    Case(runs: "run:success dry-run:failed run:failed", failure: 2, success: 0),
    Case(runs: "run:failed dry-run:failed", failure: 0, failedDryRun: 1),
    // A stopped run does not count.
    Case(runs: "run:failed run:stopped", failure: 0),
    Case(runs: "run:success run:stopped", success: 0),
    Case(runs: "run:success load:stopped rollback:stopped", success: 0),
    // An unchanged source counts as a success.
    Case(runs: "load:failed run:unchanged", success: 1),
    Case(runs: "run:failed run:failed run:unchanged", success: 2),
    // A refused snapshot that was accepted, or a failed stage that was rerun with the stages after it.
    Case(runs: "run:failed load:success", success: 1),
    Case(runs: "run:failed fetch:success", failure: 0),
    Case(runs: "run:failed fetch:success transform:success load:partial", success: 3),
    // The newest of several failures.
    Case(runs: "run:success run:failed load:failed", failure: 2, success: 0),
    // Stages that cron or another scheduler starts one by one.
    Case(runs: "load:success fetch:failed", failure: 1, success: 0),
    Case(runs: "load:success fetch:failed fetch:success", success: 0),
    Case(runs: "load:success fetch:success transform:failed", failure: 2, success: 0),
    // A rollback does not resolve a failed run, but a run resolves a failed rollback.
    Case(runs: "run:failed rollback:success", failure: 0, success: 1),
    Case(runs: "run:success rollback:failed", failure: 1, success: 0),
    Case(runs: "run:success rollback:failed rollback:success", success: 2),
    Case(runs: "run:success rollback:failed replay:success", failure: 1, success: 2),
    Case(runs: "run:success withdraw:failed run:unchanged", success: 2),
    // A running run hides nothing before it ends.
    Case(runs: "run:failed run:running", failure: 0, running: 1),
    Case(runs: "run:success run:running", success: 0, running: 1),
    Case(runs: "run:success dry-run:running", success: 0),
    Case(runs: "run:running load:success", success: 1),
    // Commands of later versions are ignored.
    Case(runs: "run:success archive:failed", success: 0),
  ]

  @Test("a failure counts until a later run resolves it", arguments: cases)
  func latest(_ day: Case) throws {
    let runs = try day.runs.split(separator: " ").enumerated().map { index, word in
      let parts = word.split(separator: ":")
      let outcome = try #require(PipelineRun.Outcome(rawValue: String(parts[1])))
      return PipelineRun(command: String(parts[0]), outcome: outcome, runID: "\(index)")
    }
    let latest = LatestRuns(runs.reversed())
    func place(_ run: PipelineRun?) -> Int? { run?.runID.flatMap { Int($0) } }
    #expect(place(latest.failure) == day.failure, "failure")
    #expect(place(latest.success) == day.success, "success")
    #expect(place(latest.running) == day.running, "running")
    #expect(place(latest.failedDryRun) == day.failedDryRun, "dry run")
  }

  @Test("only the command run checks the source for changes", arguments: ["run", "load", "rollback"])
  func asksTheSource(_ command: String) {
    #expect(PipelineRun(command: command, outcome: .unchanged).checkedSource == (command == "run"))
  }
}
