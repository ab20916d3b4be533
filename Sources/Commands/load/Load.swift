import ArgumentParser
import CommandKit
import FaultInjection
import LoadStage
import Spool
import Support

@main
struct LoadCommand: StageCommand {
  static let stage = "load"
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Make the registry in PostgreSQL equal to a transformed snapshot.",
    version: productVersion,
    subcommands: [
      LoadInRun.self, LoadInDryRun.self, RollbackCommand.self, ReplayCommand.self, WithdrawCommand.self,
      ChangesCommand.self, ExportCommand.self, GCCommand.self, StatusCommand.self, RunsCommand.self, LogCommand.self,
      PsqlCommand.self,
    ])

  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var options: SnapshotStageOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var gate: GateOptions
  @OptionGroup var retention: RetentionOptions
  @OptionGroup var verify: VerifyOptions
  @OptionGroup var force: ForceOptions
  @Flag(help: "Compare only: print what a load would change, or why it would be refused. Nothing is written.")
  var dryRun = false
  @OptionGroup var output: OutputOptions

  var isDryRun: Bool { dryRun }

  static func main() { start(FaultPoint.load) }

  func perform(_ run: inout StageRun) throws {
    let limits = try retention.resolve()
    guard !dryRun || !(verify.verify || force.force || retention.isAsked) else {
      throw Failure(
        .usage, "--dry-run cannot be combined with --verify, --force, --keep or --retain-days",
        hint: "leave out --dry-run, or the other options")
    }
    var settings = try LoadSettings(run, options, database, gate)
    if dryRun { return try run.check(settings) }
    settings.verify = verify.verify
    settings.force = force.force
    try run.load(settings)
    if retention.isAsked { run.cleanUp(settings.databaseURL, limits) }
  }
}

/// The load of a whole run, followed by a clean-up.
struct LoadInRun: ChainedStage {
  static let stage = "load"
  @OptionGroup var options: RunOptions

  func perform(_ run: inout StageRun) throws {
    let limits = try options.retention.resolve()
    var settings = try LoadSettings(run, options.stage, options.database, options.gate)
    settings.verify = options.verify.verify
    settings.force = options.force.force
    try run.load(settings)
    run.cleanUp(settings.databaseURL, limits)
  }
}

struct LoadInDryRun: ChainedStage {
  static let stage = "load"
  @OptionGroup var options: DryRunOptions

  func perform(_ run: inout StageRun) throws {
    try run.check(LoadSettings(run, options.stage, options.database, options.gate))
  }
}

extension LoadSettings {
  fileprivate init(
    _ run: StageRun, _ options: SnapshotStageOptions, _ database: DatabaseOptions, _ gate: GateOptions
  ) throws {
    let url = try database.resolve()
    let jobs = try options.jobs.resolve()
    let maxRejects = try options.rejects.resolve()
    let bounds = try gate.resolve()
    let acceptance = try options.accept.resolve()
    self.init(
      snapshot: try options.snapshot.resolve(spool: run.spool, summary: run.summary), databaseURL: url,
      runID: run.summary.runID, jobs: jobs, maxRejects: maxRejects)
    self.bounds = bounds
    self.acceptance = acceptance
    choice = options.snapshot.snapshot != nil ? .user : run.summary.snapshot != nil ? .run : .newest
  }
}
