import ArgumentParser
import Failures
import LoadStage
import Spool
import StageKit

/// Makes the registry equal to an earlier snapshot.
struct RollbackCommand: StageCommand {
  static let stage = "load"
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Make the registry equal to an earlier snapshot that the spool still has.")

  @Argument(help: "The snapshot (default: the one that was published before the one that is published now).")
  var target: String?
  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var snapshot: SnapshotOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var jobs: JobsOptions
  @OptionGroup var output: OutputOptions

  func perform(_ run: inout StageRun) throws {
    let url = try database.resolve()
    let jobs = try jobs.resolve()
    var chosen = snapshot
    if let target {
      guard chosen.snapshot == nil || chosen.snapshot == target else {
        throw Failure(.usage, "two snapshots are named: '\(target)' and '\(chosen.snapshot ?? "")'", hint: "name one")
      }
      chosen.snapshot = target
    }
    let log = run.log
    let folder =
      try chosen.snapshot == nil
      ? Rollback.target(url, spool: run.spool, note: { log.info($0) })
      : chosen.resolve(spool: run.spool, summary: run.summary)
    if chosen.snapshot == nil, try SpoolFile.size(folder.transformManifest) == nil {
      throw Failure(
        .notReady, "snapshot \(folder.id), to which to go back, has lost what transform made of it to a clean-up",
        hint: "\(command: .rollback, folder.id.description) makes it again and goes back to it")
    }
    var settings = LoadSettings(snapshot: folder, databaseURL: url, runID: run.summary.runID, jobs: jobs)
    settings.action = .rollback
    settings.isChosen = true
    try run.load(settings)
  }
}
