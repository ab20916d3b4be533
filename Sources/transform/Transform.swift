import ArgumentParser
import Failures
import Faults
import Spool
import StageKit
import TransformStage

@main
struct Transform: StageCommand {
  static let stage = "transform"
  static let configuration = CommandConfiguration(
    commandName: "transform", abstract: "Turn a snapshot's chunks into validated TSV and error manifests.",
    version: productVersion, subcommands: [FindingsCommand.self])

  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var snapshot: SnapshotOptions
  @OptionGroup var jobs: JobsOptions
  @OptionGroup var rejects: RejectOptions
  @OptionGroup var accept: AcceptOptions
  @Option(help: ArgumentHelp("Judge this chunk alone; others may judge the rest.", valueName: "N"))
  var chunk: String?
  @Option(help: ArgumentHelp("Judge every Nth chunk from the Ith on; others may judge the rest.", valueName: "I/N"))
  var shard: String?
  @Flag(help: "Judge chunks again that are done.")
  var force = false
  @Flag(help: "Nothing is loaded after this.")
  var dryRun = false
  @OptionGroup var output: OutputOptions

  var isDryRun: Bool { dryRun }

  static func main() { start(FaultPoint.transform) }

  func perform(_ run: inout StageRun) throws {
    let budget = try rejects.resolve()
    let acceptance = try accept.resolve()
    let selection = try ChunkSelection(chunk: chunk, shard: shard)
    let jobs = try jobs.resolve()
    let folder = try snapshot.resolve(spool: run.spool, summary: run.summary)
    run.summary.snapshot = folder.id.description
    var settings = TransformSettings(
      folder: folder, jobs: jobs, selection: selection, force: force, isDryRun: dryRun)
    // Asked for alone it is asked whether all is well; in a run the day's answer should not take longer for it.
    settings.verifiesSource = run.isFirst && run.isLast
    let manifest: TransformManifest
    switch try Transformer.run(settings, log: run.log) {
    case .chunksLeft(let count):
      run.result = "\(count) chunks left to others"
      run.log.info("\(count) chunks wait for other processes; the last one to end settles the snapshot")
      return
    case .alreadySettled(let settled):
      manifest = settled
      run.result = "already done"
      run.log.info("snapshot \(folder.id) is transformed already")
    case .settled(let settled):
      manifest = settled
      run.records = settled.totals.total
    }
    run.summary.take(manifest)
    let nothingDone =
      run.result == "already done" && run.summary.stages["fetch"].map { $0.result == "unchanged" } ?? true
    run.summary.status = nothingDone ? .unchanged : manifest.totals.failed > 0 ? .partial : .success
    try judge(manifest, of: folder, budget, acceptance, log: run.log)
  }

  /// Ends a run whose snapshot would only be refused by load.
  private func judge(
    _ manifest: TransformManifest, of folder: SnapshotFolder, _ budget: RejectBudget, _ acceptance: Acceptance?, log: EventLog
  ) throws {
    try RejectBudget.requireAccepted(manifest.totals, of: folder)
    let refusals = budget.refusals(of: manifest.totals, manifest.notes)
    guard !refusals.isEmpty else { return }
    if let acceptance {
      try acceptance.record(refusals, in: folder)
    } else if try AcceptanceManifest.read(at: folder.acceptanceManifest) == nil {
      throw Refusal(snapshot: folder.id, reasons: refusals).failure
    }
    log.warning("snapshot \(folder.id) is accepted all the same: \(refusals.joined(separator: "; "))")
  }
}
