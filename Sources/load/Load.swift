import ArgumentParser
import Failures
import LoadStage
import Spool
import StageKit
import Synchronization

@main
struct LoadCommand: StageCommand {
  static let stage = "load"
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Make the registry in PostgreSQL equal to a settled snapshot.",
    version: productVersion, subcommands: [StatusCommand.self])

  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var snapshot: SnapshotOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var jobs: JobsOptions
  @OptionGroup var rejects: RejectOptions
  @OptionGroup var gate: GateOptions
  @OptionGroup var accept: AcceptOptions
  @Flag(help: "Read the registry's full content, and make right what a hand has edited in it.")
  var verify = false
  @Flag(help: "Compare and publish even where the registry holds the snapshot already.")
  var force = false
  @OptionGroup var output: OutputOptions

  static func main() { start() }

  func perform(_ run: inout StageRun) throws {
    let url = try database.resolve()
    let budget = try rejects.resolve()
    let bounds = try gate.resolve()
    let acceptance = try accept.resolve()
    let jobs = try jobs.resolve()
    let folder = try snapshot.resolve(spool: run.spool, summary: run.summary)
    run.summary.snapshot = folder.id.description
    try describe(folder, in: &run.summary)

    let reporter = LoadReporter(log: run.log)
    defer {
      reporter.finish()
      run.summary.jobRunID = reporter.jobRunID
      if let id = reporter.jobRunID { run.log.set(jobRunID: id) }
    }
    var settings = LoadSettings(
      snapshot: folder, databaseURL: url, runID: run.summary.runID, jobs: jobs, maxRejects: budget, force: force,
      events: { reporter.take($0) })
    settings.isChosen = snapshot.snapshot != nil
    settings.bounds = bounds
    settings.acceptance = acceptance
    settings.verify = verify
    let outcome = try Load.run(settings)
    if outcome.result == .unchanged {
      run.result = "already done"
      run.log.info("the registry holds snapshot \(folder.id) already: nothing to do")
    } else {
      run.records = outcome.totals.total
    }
    run.summary.status = Summary.Status(rawValue: outcome.status.rawValue) ?? .success
    run.summary.database = Summary.Database(outcome)
  }

  /// What the stages before know of the snapshot, for a load that runs alone.
  private func describe(_ folder: SnapshotFolder, in summary: inout Summary) throws {
    if let fetch = try FetchManifest.read(at: folder.fetchManifest) { summary.source = fetch.source.url }
    if let transform = try TransformManifest.read(at: folder.transformManifest) { summary.take(transform) }
  }
}

extension Summary.Database {
  init(_ outcome: LoadOutcome) {
    self.init(
      before: .init(outcome.before), after: .init(outcome.after), inserted: outcome.changes.inserted,
      updated: outcome.changes.updated, removed: outcome.changes.removed)
    changes = outcome.counts
    repaired = outcome.repaired
    repairedBANs = outcome.repairedBANs
    acceptedRefusals = outcome.refusals
  }
}

extension Summary.Database.State {
  init(_ state: RegistryState) { self.init(registrations: state.registrations, industries: state.industries) }
}
