import ArgumentParser
import CommandKit
import LoadStage
import Spool
import Support

/// Makes the registry equal to an earlier snapshot: the last stage of `./pipeline.sh rollback`, and a command of its
/// own.
struct RollbackCommand: ChainedStage {
  static let stage = "load"
  static let configuration = CommandConfiguration(
    commandName: RollbackOptions.command.rawValue,
    abstract: "Make the registry equal to an earlier published snapshot that is still in the spool.")

  @OptionGroup var options: RollbackOptions

  func perform(_ run: inout StageRun) throws {
    let url = try options.database.resolve()
    let jobs = try options.jobs.resolve()
    let snapshot = try options.named()
    let log = run.log
    let folder =
      try snapshot.snapshot == nil
      ? Rollback.target(url, spool: run.spool, note: { log.advise($0) })
      : snapshot.resolve(spool: run.spool, summary: run.summary)
    if snapshot.snapshot == nil, try SpoolFile.size(folder.transformManifest) == nil {
      throw Failure(
        .notReady, "unable to roll back: transform's files of snapshot \(folder.id) are incomplete or removed",
        hint: "make them again and roll back: \(command: .rollback, folder.id.description)")
    }
    var settings = LoadSettings(snapshot: folder, databaseURL: url, runID: run.summary.runID, jobs: jobs)
    settings.action = .rollback
    settings.choice = .user
    try run.load(settings)
  }
}
