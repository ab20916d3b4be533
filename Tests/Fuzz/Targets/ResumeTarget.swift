import CommandKit
import Digest
import FetchStage
import Glibc
import MalformedInputs
import SeededRandom
import Spool
import Support
import TestSupport

/// fetch completes an interrupted download with one corrupted file and perhaps a missing one: the source is complete.
public struct ResumeTarget: FuzzTarget {
  public static let name = "resume"
  public static let share = 1

  private let scratch = ScratchFolder()
  private let settings: FetchSettings
  private let folder: SnapshotFolder
  private let log: EventLog
  private let download: [UInt8]
  /// The original files of the chunks.
  private let files: [(name: String, bytes: [UInt8])]

  public init() throws {
    setenv("LOG_LEVEL", "critical", 1)
    log = EventLog(stage: "fuzz", runID: "fuzz")
    settings = FetchSettings(
      spool: scratch.path + "/spool", location: .file(path: scratch.write(Self.source, to: "source.csv")),
      terms: FetchTerms(chunkSize: 2, limit: nil, sample: false), force: false)
    let folder = try Fetcher.run(settings, log: log).folder
    self.folder = folder
    download = ScratchFolder.read(folder.downloadManifest) ?? []
    files = try Folder.names(folder.fetchFolder).filter { !$0.hasPrefix(".") }.map {
      ($0, ScratchFolder.read(folder.fetchFolder + "/" + $0) ?? [])
    }
  }

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    let index = random.below(files.count)
    var bytes = files[index].bytes
    if files[index].name.hasSuffix(".json") {
      spoilJSON(&bytes, &random)
    } else {
      spoil(&bytes, from: 0, times: 1 + random.below(3), &random)
    }
    return [UInt8(index), UInt8(random.below(files.count + 1))] + bytes
  }

  public func difference(_ input: [UInt8]) throws -> String? {
    var choices = Choices(input)
    let changed = choices.below(files.count)
    let gone = choices.below(files.count + 1)
    try interrupt()
    for (index, file) in files.enumerated() where index != gone {
      _ = scratch.write(
        index == changed ? Array(choices.rest) : file.bytes, to: "spool/\(folder.id)/fetch/\(file.name)")
    }
    let fetched: SnapshotFolder
    do { fetched = try Fetcher.run(settings, log: log).folder } catch let failure as Failure {
      // If fetch is unable to resume from a file, it must start over.
      return "\(failure.category): \(failure.message)"
    }
    guard let manifest = try FetchManifest.read(at: fetched.fetchManifest) else { return "no manifest" }
    var reader = try ChunkReader()
    var bytes: [UInt8] = []
    for (index, entry) in manifest.chunks.enumerated() {
      guard let chunk = try FetchChunkManifest.readWithDigest(at: fetched.fetchChunkManifest(index + 1)),
        chunk.sha256 == entry.manifestSHA256
      else { return "chunk \(index + 1) has another manifest" }
      try reader.read(chunk.manifest, in: fetched) { bytes += $0 }
    }
    guard bytes == Self.source, manifest.csv.sha256 == SHA256.of(bytes), manifest.csv.bytes == bytes.count else {
      return "the chunks are not the source"
    }
    return nil
  }

  /// Resets the snapshot to an interrupted download without chunks.
  private func interrupt() throws {
    try Folder.remove(settings.spool)
    try Folder.make(settings.spool)
    try Folder.make(folder.path)
    try Folder.make(folder.fetchFolder)
    _ = scratch.write(download, to: "spool/\(folder.id)/source.json")
  }

  private static let source = Array(
    "統一編號,營業人名稱\n01-SEP-26,\n04595257,甲\nx,乙\n10000009,\"丁\n\"\n,\n20000003,\"戊\n".utf8)
}
