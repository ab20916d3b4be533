import CommandKit
import Digest
import Records
import Spool
import Support

/// Finalizes a snapshot: removes BANs that repeat across chunks from the later chunks, then writes the snapshot's
/// manifest.
enum Finalization {
  /// Returns the snapshot's manifest; nil if it is missing or does not describe the current chunks.
  static func current(_ plan: SnapshotPlan) throws -> TransformManifest? {
    guard let manifest = try TransformManifest.read(at: plan.folder.transformManifest) else { return nil }
    guard manifest.rulesVersion == rulesVersion, manifest.cities != nil, manifest.input == plan.fetch.csv,
      manifest.chunks.count == plan.chunks.count
    else { return nil }
    for (chunk, entry) in zip(plan.chunks, manifest.chunks) {
      guard try plan.state(chunk) == .done,
        try plan.validated.current(chunk.manifest.chunk)?.sha256 == entry.manifestSHA256
      else { return nil }
    }
    return manifest
  }

  /// Removes the manifest before a chunk changes: load reads only finalized snapshots.
  static func withdraw(_ plan: SnapshotPlan) throws {
    guard SpoolFile.isThere(plan.folder.transformManifest) else { return }
    try SpoolFile.remove(plan.folder.transformManifest)
    try Folder.sync(plan.folder.path)
  }

  /// Finalizes the snapshot, or returns how many chunks are left to other processes.
  ///
  /// - Parameter accepted: BANs of the chunks that this process has validated.
  static func finalize(
    _ plan: SnapshotPlan, _ settings: TransformSettings, accepted: DuplicateTracker, log: EventLog
  ) throws -> Transformer.Outcome {
    // Locked before the count: while another process finalizes, a chunk that it validates again is briefly not done. A
    // shared lock does not wait for processes that validate chunks.
    func left() throws -> Int { try plan.chunks.count { try plan.state($0) != .done } }
    let path = plan.folder.finalizeLock
    let waiting = try FileLock.lock(path, shared: true, stop: log.whileWaiting(for: path)).hold(left)
    guard waiting == 0 else { return .chunksLeft(waiting) }
    return try FileLock.lock(path, stop: log.whileWaiting(for: path)).hold {
      let left = try left()
      guard left == 0 else { return .chunksLeft(left) }
      // Another process may have finalized it while we waited.
      if let manifest = try current(plan) { return .alreadyFinalized(manifest) }
      return .finalized(try finalizeAlone(plan, settings, accepted, log: log))
    }
  }

  private static func finalizeAlone(
    _ plan: SnapshotPlan, _ settings: TransformSettings, _ accepted: DuplicateTracker, log: EventLog
  ) throws -> TransformManifest {
    let taken = accepted.areDistinct(acrossChunks: plan.chunks.count) ? [:] : try repeatedBANs(plan)
    if !taken.isEmpty {
      log.info("\(taken.count) chunks repeat BANs of earlier chunks: these records are rejected as duplicates")
      let chunks = plan.chunks.filter { taken[$0.manifest.chunk] != nil }
      try Transformer.validate(chunks, plan, settings, taken: taken, log: log)
    }
    let manifest = try summarise(plan)
    try manifest.publish(at: plan.folder.transformManifest)
    return manifest
  }

  /// Returns, for each chunk that repeats BANs, the BANs that an earlier chunk has accepted.
  private static func repeatedBANs(_ plan: SnapshotPlan) throws -> [Int: BANSet] {
    var seen = BANBitmap()
    var taken: [Int: BANSet] = [:]
    for chunk in plan.chunks {
      let number = chunk.manifest.chunk
      try StopSignal.check()
      guard let manifest = try plan.validated.current(number)?.manifest else { throw wentAway(number, plan) }
      let file = VerifiedFile(
        path: plan.folder.registrations(number), entry: manifest.registrations,
        redo: "redo it: \(command: .transform, snapshot: plan.folder.id, chunk: number, "--force")")
      try BANReader.read(file) { ban in
        if !seen.insert(ban) { _ = taken[number, default: BANSet(capacity: 64)].insert(ban) }
      }
    }
    return taken
  }

  private static func summarise(_ plan: SnapshotPlan) throws -> TransformManifest {
    var totals = Totals()
    var counts: [String: Int] = [:]
    var notes = Notes()
    var cities: [String: Int] = [:]
    var industries = 0
    var content = SHA256()
    var entries: [ChunkEntry] = []
    for chunk in plan.chunks {
      guard let validated = try plan.validated.current(chunk.manifest.chunk) else {
        throw wentAway(chunk.manifest.chunk, plan)
      }
      let manifest = validated.manifest
      totals += manifest.totals
      counts.merge(manifest.findingCounts) { $0 + $1 }
      notes += manifest.notes
      cities.merge(manifest.cities ?? [:]) { $0 + $1 }
      industries += manifest.industries.records
      content.update(manifest.registrations.sha256)
      content.update(manifest.industries.sha256)
      entries.append(
        ChunkEntry(
          manifest: SnapshotFolder.manifestName(chunk.manifest.chunk), manifestSHA256: validated.sha256,
          records: manifest.totals.total))
    }
    guard totals.agree, totals.total == plan.fetch.csv.records else {
      throw Failure(
        .bug,
        "internal error: the counts of snapshot \(plan.folder.id) do not add up: \(totals) instead of \(plan.fetch.csv.records) records",
        hint: "this is a bug: please report it with the line above")
    }
    return TransformManifest(
      rulesVersion: rulesVersion, input: plan.fetch.csv, sourceDate: plan.fetch.sourceDate, totals: totals,
      findingCounts: counts, notes: notes, cities: cities, industries: industries, contentSHA256: content.finish(),
      columns: [
        "registrations": TSVColumn.list(RegistrationRows.registrationColumns),
        "industries": TSVColumn.list(RegistrationRows.industryColumns),
      ],
      chunks: entries)
  }

  private static func wentAway(_ chunk: Int, _ plan: SnapshotPlan) -> Failure {
    Failure(
      .temporary,
      "another process removed '\(plan.folder.transformChunkManifest(chunk))' while transform completed the snapshot",
      hint: "run the same command again")
  }
}
