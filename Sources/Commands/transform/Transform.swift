import ArgumentParser
import CommandKit
import FaultInjection
import Spool
import Support
import TransformStage

@main
struct Transform: StageCommand {
  static let stage = "transform"
  static let configuration = CommandConfiguration(
    commandName: "transform", abstract: "Validate the chunks of a snapshot, and write TSV files and findings.",
    version: productVersion,
    subcommands: [
      FindingsCommand.self, TransformInChain<RunOptions>.self, TransformInChain<DryRunOptions>.self,
      TransformInRollback.self,
    ])

  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var options: SnapshotStageOptions
  @Option(help: ArgumentHelp("Validate only this chunk; other processes may validate the rest.", valueName: "N"))
  var chunk: String?
  @Option(
    help: ArgumentHelp(
      "Validate every Nth chunk, beginning with the Ith; other processes may validate the rest.", valueName: "I/N"))
  var shard: String?
  @OptionGroup var force: ForceOptions
  @Flag(help: "Log how many records of each chunk would be loaded. The files are written as usual.")
  var dryRun = false
  @OptionGroup var output: OutputOptions

  var isDryRun: Bool { dryRun }

  static func main() { start(FaultPoint.transform) }

  func perform(_ run: inout StageRun) throws {
    try run.transform(options, force, isDryRun: dryRun) { try ChunkSelection(chunk: chunk, shard: shard) }
  }
}

/// Transform as a stage of `run` and `dry-run`.
struct TransformInChain<Options: SourceChainOptions>: ChainedStage {
  static var stage: String { Transform.stage }
  @OptionGroup var options: Options

  func perform(_ run: inout StageRun) throws { try run.transform(options.stage, options.force, isDryRun: isDryRun) }
}

/// Transform as a stage of `rollback`. Accepts any number of rejected records: the snapshot was published before, or
/// the user has named it.
struct TransformInRollback: ChainedStage {
  static let stage = Transform.stage
  @OptionGroup var options: RollbackOptions

  func perform(_ run: inout StageRun) throws {
    let settings = TransformSettings(
      folder: try options.named().resolve(spool: run.spool, summary: run.summary), jobs: try options.jobs.resolve(),
      selection: .all, force: false, isDryRun: false)
    try run.transform(settings, .percent(100), nil)
  }
}

extension StageRun {
  fileprivate mutating func transform(
    _ options: SnapshotStageOptions, _ force: ForceOptions, isDryRun: Bool,
    selection: () throws -> ChunkSelection = { .all }
  ) throws {
    let budget = try options.rejects.resolve()
    let acceptance = try options.accept.resolve()
    let selection = try selection()
    let jobs = try options.jobs.resolve()
    let folder = try options.snapshot.resolve(spool: spool, summary: summary)
    try transform(
      TransformSettings(folder: folder, jobs: jobs, selection: selection, force: force.force, isDryRun: isDryRun),
      budget, acceptance)
  }

  fileprivate mutating func transform(
    _ settings: TransformSettings, _ budget: RejectBudget, _ acceptance: Acceptance?
  ) throws {
    let folder = settings.folder
    summary.snapshot = folder.id.description
    var settings = settings
    // Only if transform runs alone: in a daily run, verifying the source would take time for no benefit.
    settings.verifiesSource = isFirst && isLast
    let manifest: TransformManifest
    switch try Transformer.run(settings, log: log) {
    case .chunksLeft(let count):
      result = "\(count) chunks left to others"
      log.info("\(count) chunks are left to other processes; the last one to end finalizes the snapshot")
      return
    case .alreadyFinalized(let finalized):
      manifest = finalized
      result = "already done"
      log.info("snapshot \(folder.id) is already transformed")
    case .finalized(let finalized):
      manifest = finalized
      records = finalized.totals.total
    }
    summary.add(manifest)
    let nothingDone = result == "already done" && summary.stages["fetch"].map { $0.result == "unchanged" } ?? true
    summary.status = nothingDone ? .unchanged : manifest.totals.failed > 0 ? .partial : .success
    try validate(manifest, of: folder, budget, acceptance)
  }

  /// Checks whether load would refuse the snapshot, so that the run ends now.
  ///
  /// - Throws: category `data` if the snapshot is refused and not accepted by `--accept`.
  private func validate(
    _ manifest: TransformManifest, of folder: SnapshotFolder, _ budget: RejectBudget, _ acceptance: Acceptance?
  ) throws {
    try RejectBudget.requireAccepted(manifest.totals, of: folder)
    let refusals = budget.refusals(of: manifest.totals, manifest.notes)
    guard !refusals.isEmpty else { return }
    if let acceptance {
      try acceptance.record(refusals, in: folder)
    } else if try AcceptanceManifest.read(at: folder.acceptanceManifest) == nil {
      throw Refusal(snapshot: folder.id, reasons: refusals).failure
    }
    log.warning("snapshot \(folder.id) is accepted although it was refused: \(refusals.joined(separator: "; "))")
  }
}
