import CommandKit
import Digest
import Records
import Spool
import Support

/// Validates chunks one after another, with its own buffers.
struct ChunkWorker: ~Copyable {
  private let plan: SnapshotPlan
  private var reader: ChunkReader
  private var validator: ChunkValidator
  private let slots: CPUSlots

  init(_ plan: SnapshotPlan, _ slots: CPUSlots) throws {
    self.plan = plan
    self.slots = slots
    reader = try ChunkReader()
    validator = ChunkValidator(header: plan.header)
  }

  /// The accepted BANs of the last chunk.
  var accepted: BANSet { validator.accepted }

  /// Validates a chunk and commits its output files and manifest. The caller holds the chunk's lock.
  ///
  /// - Parameter taken: BANs that earlier chunks have accepted; nil unless the snapshot is being finalized.
  /// - Throws: category `data` if the chunk is damaged.
  mutating func perform(_ chunk: SnapshotPlan.Chunk, taken: BANSet? = nil) throws {
    let folder = plan.folder
    let source = chunk.manifest
    let place = ChunkPlace(
      firstRecord: source.firstRecord, firstLine: source.firstLine, byteOffset: source.byteOffset,
      headerBytes: source.headerBytes, tooLongOffsets: Set(source.tooLongOffsets))

    try plan.validated.remove(source.chunk)
    var output = try ChunkOutput(folder, chunk: source.chunk)
    let tally = try slots.use {
      try reader.read(source, in: folder) { bytes in
        try validator.validate(bytes.bindMemory(to: UInt8.self), at: place, taken: taken, into: &output)
      }
    }
    guard tally.records == source.csv.records else {
      throw Failure(
        .data,
        "'\(folder.fetchChunkManifest(source.chunk))' is damaged: it lists \(source.csv.records) records, but its chunk has \(tally.records)",
        hint: .fetchAgain)
    }
    let files = try output.seal(tally)
    try Folder.sync(folder.transformFolder)
    var notes = Notes(tally, plan.header)
    if validator.endsInRecord { notes.endsInRecord = true }
    let manifest = TransformChunkManifest(
      rulesVersion: rulesVersion, chunk: source.chunk, inputManifestSHA256: chunk.manifestSHA256, input: source.csv,
      registrations: files.registrations, industries: files.industries, findings: files.findings,
      totals: Totals(tally), findingCounts: tally.findingCounts, notes: notes,
      cities: tally.cities, settledAgainst: taken == nil ? nil : chunk.earlierSHA256)
    try plan.validated.publish(manifest)
  }
}

extension Notes {
  init(_ tally: Tally, _ header: Header) {
    self.init()
    missingColumns = header.missing
    unknownColumns = header.unknown
    repeatedIndustryCodes = tally.repeatedIndustryCodes
    industryNamesWithoutCode = tally.industryNamesWithoutCode
  }
}
