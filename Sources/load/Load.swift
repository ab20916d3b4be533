import ArgumentParser
import Failures
import Faults
import LoadStage
import Spool
import StageKit

@main
struct LoadCommand: StageCommand {
  static let stage = "load"
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Make the registry in PostgreSQL equal to a settled snapshot.",
    version: productVersion,
    subcommands: [
      RollbackCommand.self, ReplayCommand.self, WithdrawCommand.self, ChangesCommand.self, GCCommand.self,
      StatusCommand.self, RunsCommand.self, LogCommand.self, PsqlCommand.self,
    ])

  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var snapshot: SnapshotOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var jobs: JobsOptions
  @OptionGroup var rejects: RejectOptions
  @OptionGroup var gate: GateOptions
  @OptionGroup var accept: AcceptOptions
  @OptionGroup var retention: RetentionOptions
  @Flag(help: "Read the registry's full content, and make right what a hand has edited in it.")
  var verify = false
  @Flag(help: "Compare and publish even where the registry holds the snapshot already.")
  var force = false
  @Flag(help: "Compare only: print what a load would change, or why it would be refused. Nothing is written.")
  var dryRun = false
  @OptionGroup var output: OutputOptions

  var isDryRun: Bool { dryRun }

  static func main() { start(FaultPoint.load) }

  func perform(_ run: inout StageRun) throws {
    let url = try database.resolve()
    let limits = try retention.resolve()
    guard !dryRun || !(verify || force || retention.isAsked) else {
      throw Failure(.usage, "--dry-run writes nothing, so it goes without --verify, --force, --keep and --retain-days")
    }
    var settings = LoadSettings(
      snapshot: SnapshotFolder(spool: run.spool, id: .next(after: nil)), databaseURL: url, runID: run.summary.runID,
      jobs: try jobs.resolve(), maxRejects: try rejects.resolve(), force: force)
    settings.bounds = try gate.resolve()
    settings.acceptance = try accept.resolve()
    settings.verify = verify
    settings.isChosen = snapshot.snapshot != nil
    settings.snapshot = try snapshot.resolve(spool: run.spool, summary: run.summary)
    if dryRun { return try run.check(settings) }
    try run.load(settings)
    if retention.isAsked { run.cleanUp(url, limits) }
  }
}
