import MalformedInputs
import SeededRandom
import Spool
import Support
import TestSupport

/// A manifest is refused as damaged, or read as a value that stays the same when it is written and read again.
public struct ManifestTarget: FuzzTarget {
  public static let name = "manifest"
  public static let share = 7

  private let scratch = ScratchFolder()

  public init() {}

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    let kind = random.below(7)
    guard var json = try? ManifestSamples.encoded[kind].get() else { return [] }
    spoilJSON(&json, &random)
    return [UInt8(kind)] + json
  }

  public func difference(_ input: [UInt8]) throws -> String? {
    var choices = Choices(input)
    let kind = choices.below(7)
    let json = Array(choices.rest)
    switch kind {
    case 0: return try check(DownloadManifest.self, json)
    case 1: return try check(FetchManifest.self, json)
    case 2: return try check(TransformChunkManifest.self, json)
    case 3: return try check(TransformManifest.self, json)
    case 4: return try check(ChangesManifest.self, json)
    case 5: return try check(AcceptanceManifest.self, json)
    default: return try check(FetchChunkManifest.self, json)
    }
  }

  private func check<M: Manifest & Equatable>(_ type: M.Type, _ json: [UInt8]) throws -> String? {
    guard let manifest = try read(type, json) else { return nil }
    guard manifest.format == SpoolFormat.current else { return "format \(manifest.format) is accepted" }
    let written = try manifest.encoded()
    guard let again = try read(type, written) else { return "unable to read what it wrote" }
    return try again == manifest && again.encoded() == written ? nil : "written differently than read"
  }

  /// - Returns: nil if it is refused as damaged.
  private func read<M: Manifest>(_ type: M.Type, _ json: [UInt8]) throws -> M? {
    let path = scratch.write(json, to: "000001.json")
    do { return try M.read(at: path) } catch let failure as Failure where failure.category == .data { return nil }
  }
}

/// One manifest of each kind, as the pipeline writes it.
enum ManifestSamples {
  static let encoded: [Result<[UInt8], any Error>] = [
    Result { try download.encoded() }, Result { try fetch.encoded() }, Result { try chunk.encoded() },
    Result { try transform.encoded() }, Result { try changes.encoded() }, Result { try acceptance.encoded() },
    Result { try fetchChunk.encoded() },
  ]

  static let source = Source(
    url: "https://example.org/BGMOPEN1.csv", urlSHA256: digest, etag: "\"x\"", lastModified: nil, date: "x",
    contentLength: 320)
  static let terms = FetchTerms(chunkSize: 2, limit: nil, sample: false)
  private static let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  private static let file = FileEntry(
    name: "000001.csv.zst", bytes: 93, compressedBytes: 81, sha256: digest, records: 2)
  private static let entries = [ChunkEntry(manifest: "000001.json", manifestSHA256: digest, records: 2)]
  private static let totals = Totals(total: 2, processed: 1, failed: 1, duplicated: 0, blank: 0)

  private static let download = DownloadManifest(
    rulesVersion: 1, source: source, terms: FetchTerms(chunkSize: 5, limit: 7, sample: true), startedAt: "x")
  private static let fetch = FetchManifest(
    rulesVersion: 1, source: source, terms: terms, startedAt: "x", completedAt: "y", csv: file,
    columns: ["統一編號", "營業人名稱"], sourceDate: "2026-09-01", chunks: entries)
  private static let fetchChunk = FetchChunkManifest(
    rulesVersion: 1, chunk: 1, csv: file, byteOffset: 0, firstLine: 1, lines: 3, firstRecord: 1,
    columns: ["統一編號", "營業人名稱"], sourceDate: nil, headerBytes: 27, structureErrors: 0, tooLongOffsets: [30])
  private static let chunk = TransformChunkManifest(
    rulesVersion: 1, chunk: 1, inputManifestSHA256: digest, input: file, registrations: file, industries: file,
    findings: file, totals: totals, findingCounts: ["INVALID_BAN": 1], notes: Notes(), cities: ["臺北市": 1],
    settledAgainst: digest)
  private static let transform = TransformManifest(
    rulesVersion: 1, input: file, sourceDate: nil, totals: totals, findingCounts: ["INVALID_BAN": 1], notes: Notes(),
    cities: ["臺北市": 1], industries: 0, contentSHA256: digest, chunks: entries)
  private static let changes = ChangesManifest(
    jobRunID: 12, runID: "x", action: "load", sourceDate: nil, changes: file)
  private static let acceptance = AcceptanceManifest(acceptedBy: "x", acceptedAt: "y", reason: "z", refusals: ["w"])
}
