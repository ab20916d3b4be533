import CommandKit
import Records
import Spool
import Support

/// The transform stage: validates a fetched snapshot and writes TSV files and error manifests.
public enum Transformer {
  /// The result of a transform.
  public enum Outcome: Sendable {
    /// Every chunk is validated, and the snapshot is finalized.
    case finalized(TransformManifest)
    /// The snapshot was already finalized, and its files match their manifests.
    case alreadyFinalized(TransformManifest)
    /// The selected chunks are validated; this many are left to other processes.
    case chunksLeft(Int)
  }

  /// Validates the selected chunks, and finalizes the snapshot if no chunk is left to other processes.
  ///
  /// - Throws: category `notReady` if the snapshot is not fetched, `data` if a file of it is damaged.
  public static func run(_ settings: TransformSettings, log: EventLog) throws -> Outcome {
    try settings.folder.use(stop: log.whileWaiting(for: settings.folder.useLock)) { try runInUse(settings, log: log) }
  }

  private static func runInUse(_ settings: TransformSettings, log: EventLog) throws -> Outcome {
    let plan = try SnapshotPlan(settings.folder)
    if case .one(let chunk) = settings.selection, chunk > plan.chunks.count {
      throw Failure(
        .usage, "there is no chunk \(chunk): snapshot \(plan.folder.id) has \(plan.chunks.count) chunks",
        hint: "use a number from 1 to \(plan.chunks.count)")
    }
    try Folder.make(plan.folder.transformFolder)
    let selected = plan.chunks.filter { settings.selection.contains($0.manifest.chunk) }
    if !settings.force, let manifest = try Finalization.current(plan) {
      try Verification.verify(plan, jobs: settings.jobs, withSource: settings.verifiesSource)
      try logBatchEvents(plan, isDryRun: settings.isDryRun, newlyValidated: false, log: log)
      return .alreadyFinalized(manifest)
    }
    let waiting = try selected.filter { try isWaiting($0, plan, force: settings.force, log: log) }
    let accepted = DuplicateTracker()
    try validate(waiting, plan, settings, accepted: accepted, log: log)
    let outcome = try Finalization.finalize(plan, settings, accepted: accepted, log: log)
    if case .finalized = outcome {
      try logBatchEvents(plan, isDryRun: settings.isDryRun, newlyValidated: true, log: log)
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
      log.info("chunk \(chunk.manifest.chunk) is validated again: \(why)")
      return true
    case .missing: return true
    }
  }

  /// Validates chunks on several threads, and commits their output.
  ///
  /// - Parameters:
  ///   - taken: for each chunk, BANs that earlier chunks have accepted; empty unless the snapshot is being finalized.
  ///   - accepted: gets the accepted BANs of each validated chunk.
  static func validate(
    _ chunks: [SnapshotPlan.Chunk], _ plan: SnapshotPlan, _ settings: TransformSettings, taken: [Int: BANSet] = [:],
    accepted: DuplicateTracker? = nil, log: EventLog
  ) throws {
    guard !chunks.isEmpty else { return }
    let total = chunks.reduce(0) { $0 + $1.manifest.csv.records }
    let bar = ProgressReporter("transform", unit: .things("records"), total: total, log: log)
    defer { bar.finish() }
    let slots = CPUSlots(jobs: settings.jobs)
    try ChunkQueue(chunks).run(threads: slots.workers) { queue in
      var worker = try ChunkWorker(plan, slots)
      while let (chunk, wait) = try queue.next() {
        // Locked before the chunk: the process that finalizes takes the two locks in the same order.
        let isDone = try shareFinalization(plan, unless: !taken.isEmpty, log: log) {
          let path = plan.folder.chunkLock(chunk.manifest.chunk)
          let lock: FileLock?
          if wait {
            lock = try FileLock.lock(path, stop: log.whileWaiting(for: path))
          } else {
            lock = try FileLock.tryLock(path)
          }
          guard let lock else { return false }
          try lock.hold {
            // Another process may have validated it meanwhile.
            let taken = taken[chunk.manifest.chunk]
            guard try settings.force || taken != nil || plan.state(chunk) != .done else { return }
            try Finalization.withdraw(plan)
            try worker.perform(chunk, taken: taken)
            accepted?.add(worker.accepted)
          }
          return true
        }
        if isDone { bar.add(chunk.manifest.csv.records) } else { queue.postpone(chunk) }
      }
    }
  }

  /// Runs `body` while no other process finalizes the snapshot. Takes no lock if the caller itself finalizes.
  private static func shareFinalization<Result>(
    _ plan: SnapshotPlan, unless isFinalizing: Bool, log: EventLog, _ body: () throws -> Result
  ) throws -> Result {
    if isFinalizing { return try body() }
    let path = plan.folder.finalizeLock
    return try FileLock.lock(path, shared: true, stop: log.whileWaiting(for: path)).hold(body)
  }

  /// Logs events for each chunk when the numbers are final. Validation errors are logged once, by the process that has
  /// finalized the snapshot, so that sums over events are sums over records.
  private static func logBatchEvents(_ plan: SnapshotPlan, isDryRun: Bool, newlyValidated: Bool, log: EventLog) throws {
    for chunk in plan.chunks {
      let number = chunk.manifest.chunk
      guard let manifest = try plan.validated.current(number)?.manifest else { continue }
      let totals = manifest.totals
      var fields: [String: EventLog.Field] = [
        "batch_num": .count(number), "raw_count": .count(totals.total), "records_success": .count(totals.processed),
        "records_failed": .count(totals.failed), "records_duplicates": .count(totals.duplicated),
      ]
      if isDryRun { log.event(.batchDryRun, "chunk \(number): \(totals.processed) records would be loaded", fields) }
      guard newlyValidated, manifest.findings.records > 0 else { continue }
      fields["error_count"] = .count(totals.failed + totals.duplicated)
      let counts = manifest.findingCounts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      log.event(.batchValidationErrors, "chunk \(number): \(counts.joined(separator: ", "))", fields)
    }
  }
}
