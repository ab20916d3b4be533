import Failures
import Records
import Spool
import StageKit
import Threads

/// The stage: a fetched snapshot into validated TSV and error manifests.
public enum Transformer {
  public enum Outcome: Sendable {
    /// Every chunk is judged, and the snapshot is settled.
    case settled(TransformManifest)
    /// It was settled already, and its files are what their manifests say.
    case alreadySettled(TransformManifest)
    /// The chunks asked for are judged; these many wait for other processes.
    case chunksLeft(Int)
  }

  public static func run(_ settings: TransformSettings, log: EventLog) throws -> Outcome {
    try settings.folder.use(stop: StopSignal.check) { try runInUse(settings, log: log) }
  }

  private static func runInUse(_ settings: TransformSettings, log: EventLog) throws -> Outcome {
    let plan = try SnapshotPlan(settings.folder)
    if case .one(let chunk) = settings.selection, chunk > plan.chunks.count {
      throw Failure(
        .usage, "there is no chunk \(chunk): snapshot \(plan.folder.id) has \(plan.chunks.count)",
        hint: "the first is 1")
    }
    try Folder.make(plan.folder.transformFolder)
    let selected = plan.chunks.filter { settings.selection.contains($0.manifest.chunk) }
    if !settings.force, let manifest = try Settlement.current(plan) {
      try Verification.verify(plan, jobs: settings.jobs, withSource: settings.verifiesSource)
      try BatchEvents.tell(plan, isDryRun: settings.isDryRun, newlyJudged: false, log: log)
      return .alreadySettled(manifest)
    }
    let waiting = try selected.filter { try isWaiting($0, plan, force: settings.force, log: log) }
    let accepted = BANRegister()
    try judge(waiting, plan, settings, accepted: accepted, log: log)
    let outcome = try Settlement.settle(plan, settings, accepted: accepted, log: log)
    if case .settled = outcome {
      try BatchEvents.tell(plan, isDryRun: settings.isDryRun, newlyJudged: true, log: log)
    }
    return outcome
  }

  private static func isWaiting(
    _ chunk: SnapshotPlan.Chunk, _ plan: SnapshotPlan, force: Bool, log: EventLog
  ) throws -> Bool {
    if force { return true }
    switch try plan.state(chunk) {
    case .done: return false
    case .stale(let why):
      log.info("chunk \(chunk.manifest.chunk) is judged again: \(why)")
      return true
    case .missing, .damaged: return true
    }
  }

  /// - Parameters:
  ///   - taken: for each chunk, BANs that earlier ones have accepted; empty while the snapshot is not being settled.
  ///   - accepted: takes the BANs of each chunk that is judged.
  static func judge(
    _ chunks: [SnapshotPlan.Chunk], _ plan: SnapshotPlan, _ settings: TransformSettings, taken: [Int: BANSet] = [:],
    accepted: BANRegister? = nil, log: EventLog
  ) throws {
    guard !chunks.isEmpty else { return }
    let queue = ChunkQueue(chunks)
    let total = chunks.reduce(0) { $0 + $1.manifest.csv.records }
    let bar = Progress("transform", unit: "records", total: total, log: log)
    defer { bar.finish() }
    let slots = JudgingSlots(jobs: settings.jobs)
    try Workers.run(min(slots.workers, chunks.count)) { _ in
      do {
        var worker = try ChunkWorker(plan, slots)
        while let (chunk, wait) = queue.next() {
          try StopSignal.check()
          let lock = plan.folder.chunkLock(chunk.manifest.chunk)
          let done: Void? = try FileLock.hold(lock, wait: wait, stop: StopSignal.check) {
            // Another process may have done it meanwhile.
            let taken = taken[chunk.manifest.chunk]
            guard try settings.force || taken != nil || plan.state(chunk) != .done else { return }
            try Settlement.withdraw(plan)
            try worker.perform(chunk, taken: taken)
            accepted?.add(worker.accepted)
          }
          guard done != nil else {
            queue.putBack(chunk)
            continue
          }
          bar.add(chunk.manifest.csv.records)
        }
      } catch {
        queue.abandon()
        throw error
      }
    }
  }
}
