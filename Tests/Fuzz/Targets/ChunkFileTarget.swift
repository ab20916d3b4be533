import Digest
import MalformedInputs
import SeededRandom
import Spool
import Support
import TestSupport
import Zstd

/// A chunk file gives the bytes that its manifest describes, or is refused as damaged.
public struct ChunkFileTarget: FuzzTarget {
  public static let name = "chunk"
  public static let share = 1

  private let scratch = ScratchFolder()
  private let folder: SnapshotFolder

  public init() throws {
    guard let id = SnapshotID("20260901T211500Z-1f0c9a3e") else { throw Unlike(description: "invalid snapshot ID") }
    folder = SnapshotFolder(spool: scratch.path, id: id)
    try Folder.make(folder.path)
    try Folder.make(folder.fetchFolder)
  }

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    let content = Self.content(length: random.below(1024), of: UInt8(random.below(256)))
    var frame = (try? Self.compressed(content.bytes)) ?? []
    if random.onceIn(8) { frame += frame }
    if !random.onceIn(8) {
      switch random.below(3) {
      case 0: spoil(&frame, from: 0, times: 1 + random.below(3), &random)
      case 1:
        for _ in 0...random.below(4) where !frame.isEmpty {
          frame[random.below(frame.count)] ^= 1 << UInt8(random.below(8))
        }
      default:
        // The frame header, which declares how much memory the frame needs.
        for index in 4..<min(14, frame.count) where random.onceIn(3) { frame[index] = UInt8(random.below(256)) }
      }
    }
    return content.choices + [UInt8(random.below(16)), UInt8(random.below(256))] + frame
  }

  public func difference(_ input: [UInt8]) throws -> String? {
    var choices = Choices(input)
    let length = choices.below(256) * 4 + choices.below(4)
    let content = Self.content(length: length, of: UInt8(choices.below(256))).bytes
    let promise = choices.below(16)
    let more = choices.below(256)
    let frame = Array(choices.rest)
    _ = scratch.write(frame, to: "\(folder.id)/fetch/000001.csv.zst")
    var entry = FileEntry(
      name: "000001.csv.zst", bytes: content.count, compressedBytes: frame.count, sha256: SHA256.of(content), records: 1
    )
    switch promise {
    case 0: entry.bytes += more - 128
    case 1: entry.bytes = [1 << 60, 1 << 25, Int.max, Int.min, -1, 0][more % 6]
    case 2: entry.compressedBytes = more % 2 == 0 ? nil : more
    case 3: entry.name = ["../000001.csv.zst", "/etc/passwd", "", "000002.csv.zst"][more % 4]
    default: break
    }
    let manifest = FetchChunkManifest(
      rulesVersion: 1, chunk: 1, csv: entry, byteOffset: 0, firstLine: 1, lines: 0, firstRecord: 1, columns: [],
      sourceDate: nil, headerBytes: 0, structureErrors: 0, tooLongOffsets: [])
    var reader = try ChunkReader()
    do {
      let same = try reader.read(manifest, in: folder) { $0.elementsEqual(content) }
      return same ? nil : "other bytes than the manifest describes"
    } catch let failure as Failure where failure.category == .data {
      return nil
    }
  }

  /// Returns partly repetitive bytes, and the choices with which an input selects them.
  private static func content(length: Int, of seed: UInt8) -> (bytes: [UInt8], choices: [UInt8]) {
    var random = SeededRandom(seed: UInt64(seed))
    let bytes = (0..<length).map { $0 % 3 == 0 ? UInt8(random.below(256)) : UInt8(0x61 + $0 % 5) }
    return (bytes, [UInt8(length / 4), UInt8(length % 4), seed])
  }

  private static func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
    var compressor = try Compressor(level: 1)
    var frame: [UInt8] = []
    try bytes.withUnsafeBytes { try compressor.compress($0) { frame += $0 } }
    try compressor.finish { frame += $0 }
    return frame
  }
}
