import ConsoleWeb
import Testing

/// Each case is a day, the oldest run first: `COMMAND:OUTCOME`. A run of the answer is named by its place, from 0.
@Suite("The latest runs that count")
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
    // What somebody stopped says nothing.
    Case(runs: "run:failed run:stopped", failure: 0),
    Case(runs: "run:success run:stopped", success: 0),
    Case(runs: "run:success load:stopped rollback:stopped", success: 0),
    // Nothing new is as good as something new.
    Case(runs: "load:failed run:unchanged", success: 1),
    Case(runs: "run:failed run:failed run:unchanged", success: 2),
    // A refused snapshot that somebody accepted, or a failed stage done again and the rest after it.
    Case(runs: "run:failed load:success", success: 1),
    Case(runs: "run:failed fetch:success", failure: 0),
    Case(runs: "run:failed fetch:success transform:success load:partial", success: 3),
    // The newest of several failures.
    Case(runs: "run:success run:failed load:failed", failure: 2, success: 0),
    // Stages that cron or another scheduler starts one by one.
    Case(runs: "load:success fetch:failed", failure: 1, success: 0),
    Case(runs: "load:success fetch:failed fetch:success", success: 0),
    Case(runs: "load:success fetch:success transform:failed", failure: 2, success: 0),
    // Going back does not bring in what a run could not; a run makes good for a rollback that failed.
    Case(runs: "run:failed rollback:success", failure: 0, success: 1),
    Case(runs: "run:success rollback:failed", failure: 1, success: 0),
    Case(runs: "run:success rollback:failed rollback:success", success: 2),
    Case(runs: "run:success rollback:failed replay:success", failure: 1, success: 2),
    Case(runs: "run:success withdraw:failed run:unchanged", success: 2),
    // Under way: it hides nothing before it has ended.
    Case(runs: "run:failed run:running", failure: 0, running: 1),
    Case(runs: "run:success run:running", success: 0, running: 1),
    Case(runs: "run:success dry-run:running", success: 0),
    Case(runs: "run:running load:success", success: 1),
    // What a later version may bring.
    Case(runs: "run:success archive:failed", success: 0),
  ]

  @Test("a failure stands until a later run makes good for it", arguments: cases)
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

  @Test("only a run that asks the source can say that it has not changed", arguments: ["run", "load", "rollback"])
  func asksTheSource(_ command: String) {
    #expect(PipelineRun(command: command, outcome: .unchanged).checkedSource == (command == "run"))
  }
}
