import Dispatch
import Glibc
import Spool
import Support
import TestSupport
import Testing
import TransformStage

/// How often a process reads files that it has written or verified.
@Suite struct ReadTests {
  /// Fourteen records in four chunks; the last chunk repeats a BAN of the first.
  private static let bytes = Array(
    ("統一編號,營業人名稱\n" + (0..<13).map { "\(10_000_000 + $0),第\($0)號\n" }.joined() + "10000001,又\n").utf8)

  @Test(arguments: [1, 3])
  func aProcessDoesNotReadItsOwnChunkManifests(jobs: Int) throws {
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
    try Folder.make(folder.transformFolder)
    let opened = try FolderWatch(folder.transformFolder)
    guard case .finalized(let manifest) = try pipeline.transform(folder, jobs: jobs) else {
      Issue.record("not finalized")
      return
    }
    // The last chunk is validated again, without the repeated BAN.
    #expect(manifest.totals.duplicated == 1)
    #expect(opened.manifests() == [:])
  }

  @Test func anotherProcessReadsEachManifestOnce() throws {
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
    _ = try pipeline.transform(folder)
    let opened = try FolderWatch(folder.transformFolder)
    for _ in 1...2 {
      guard case .alreadyFinalized = try pipeline.transform(folder, jobs: 3) else {
        Issue.record("not finalized")
        return
      }
      #expect(
        opened.manifests() == ["000001.json": 1, "000002.json": 1, "000003.json": 1, "000004.json": 1])
    }
  }

  @Test func aManifestReplacedByAnotherProcessIsReadAgain() throws {
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
    _ = try pipeline.transform(folder)
    let manifests = ChunkManifests(folder)
    let first = try #require(try manifests.current(4))
    #expect(first.manifest.totals.duplicated == 1)
    var other = first.manifest
    other.settledAgainst = nil
    try other.publish(at: folder.transformChunkManifest(4))
    #expect(try manifests.current(4)?.manifest == other)
    unlink(folder.transformChunkManifest(4))
    #expect(try manifests.current(4) == nil)
  }

  /// The other workers finish their chunk and start no other one, not even a postponed one.
  @Test(.timeLimit(.minutes(1))) func aFailedWorkerStopsAllOthers() throws {
    struct Broken: Error {}
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 1)
    let plan = try SnapshotPlan(folder)
    let begun = DispatchSemaphore(value: 0)
    #expect(throws: Broken.self) {
      try ChunkQueue(plan.chunks).run(threads: 3) { queue in
        // Without the failure, this loop would never end.
        while let (chunk, _) = try queue.next() {
          if chunk.manifest.chunk == 1 {
            begun.wait()
            throw Broken()
          }
          begun.signal()
          queue.postpone(chunk)
        }
      }
    }
  }

  @Test func verificationStopsAtTheFirstDamagedFile() throws {
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 1)
    _ = try pipeline.transform(folder)
    let path = folder.registrations(1)
    var bytes = try #require(ScratchFolder.read(path))
    bytes[0] ^= 1
    let file = try #require(fopen(path, "w"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    let opened = try FolderWatch(folder.transformFolder)
    let failure = #expect(throws: Failure.self) { try pipeline.transform(folder) }
    #expect(failure?.message.contains("000001.registrations.tsv") == true)
    #expect(opened.counts().keys.filter { $0.hasSuffix(".tsv") } == ["000001.registrations.tsv"])
  }
}

/// Counts how often each file in a folder is opened; every read needs an open.
private final class FolderWatch {
  private let descriptor: Int32

  init(_ folder: String) throws {
    descriptor = inotify_init1(Int32(IN_NONBLOCK))
    // The kernel merges equal consecutive events; a close event keeps two open events apart.
    try #require(inotify_add_watch(descriptor, folder, UInt32(IN_OPEN | IN_CLOSE_NOWRITE | IN_CLOSE_WRITE)) >= 0)
  }

  deinit { close(descriptor) }

  /// Returns how often each file was opened since the last call, without temporary files.
  func counts() -> [String: Int] {
    var counts: [String: Int] = [:]
    let headBytes = MemoryLayout<inotify_event>.size
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let size = read(descriptor, &buffer, buffer.count), size > 0 {
      buffer.withUnsafeBytes { bytes in
        var start = 0
        while start < size {
          let event = bytes.loadUnaligned(fromByteOffset: start, as: inotify_event.self)
          let name = bytes[(start + headBytes)...].prefix(Int(event.len)).prefix { $0 != 0 }
          if event.mask & UInt32(IN_OPEN) != 0, name.first != UInt8(ascii: ".") {
            counts[String(decoding: name, as: UTF8.self), default: 0] += 1
          }
          start += headBytes + Int(event.len)
        }
      }
    }
    return counts
  }

  func manifests() -> [String: Int] { counts().filter { $0.key.hasSuffix(".json") } }
}
