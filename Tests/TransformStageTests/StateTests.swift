import Glibc
import MalformedInputs
import SeededRandom
import Spool
import Support
import Synchronization
import TestSupport
import Testing
import TransformStage

/// Reruns, damage, stale chunks, and several processes on one spool.
@Suite struct StateTests {
  static let bytes = StateTests.source()

  /// Returns twenty records; the last five repeat BANs of the first five.
  static func source() -> [UInt8] {
    var text = "統一編號,營業人名稱\n"
    for row in 0..<15 { text += "\(10_000_000 + row),第\(row)號\n" }
    for row in 0..<5 { text += "\(10_000_000 + row),又\(row)號\n" }
    return Array(text.utf8)
  }

  @Test func aSecondRunChangesNothing() throws {
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
    guard case .finalized(let first) = try pipeline.transform(folder) else {
      Issue.record("another outcome")
      return
    }
    let before = files(folder)
    guard case .alreadyFinalized(let second) = try pipeline.transform(folder) else {
      Issue.record("another outcome")
      return
    }
    #expect(first == second)
    #expect(files(folder) == before)
    #expect(first.totals == Totals(total: 20, processed: 15, failed: 0, duplicated: 5, blank: 0))
  }

  @Test func shardsInAnyOrderGiveTheBytesOfOneRun() throws {
    let whole = Pipeline()
    let wholeFolder = try whole.fetch(Self.bytes, chunkSize: 4)
    _ = try whole.transform(wholeFolder, jobs: 2)
    for order in [[1, 2, 3], [3, 1, 2], [2, 3, 1]] {
      let pipeline = Pipeline()
      let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
      for shard in order {
        let outcome = try pipeline.transform(folder, selection: .shard(index: shard, of: 3))
        #expect((outcome.manifest != nil) == (shard == order.last))
      }
      #expect(files(folder) == files(wholeFolder))
    }
    let single = Pipeline()
    let folder = try single.fetch(Self.bytes, chunkSize: 4)
    for chunk in [5, 3, 1, 2, 4] { _ = try single.transform(folder, selection: .one(chunk)) }
    #expect(files(folder) == files(wholeFolder))
  }

  /// A changed or missing output file is named with the command that writes it again; that command repairs it.
  @Test(arguments: ["registrations.tsv", "industries.tsv", "findings.jsonl"], ["flipped", "shorter", "gone"])
  func damageIsReportedAndRepaired(_ kind: String, _ damage: String) throws {
    let pipeline = Pipeline()
    // Each chunk has rows, industries and findings.
    var text = "統一編號,營業人名稱,行業代號\n"
    for row in 0..<12 { text += "\(10_000_000 + row),第\(row)號,472\(100 + row)\n" }
    let folder = try pipeline.fetch(Array(text.utf8), chunkSize: 4)
    _ = try pipeline.transform(folder)
    let before = files(folder)
    let path = folder.transformFolder + "/000002." + kind
    var bytes = try #require(ScratchFolder.read(path))
    try #require(!bytes.isEmpty)
    switch damage {
    case "flipped": bytes[bytes.count / 2] ^= 1
    case "shorter": bytes.removeLast()
    default: break
    }
    if damage == "gone" { unlink(path) } else { try write(bytes, path) }
    let failure = #expect(throws: Failure.self) { try pipeline.transform(folder) }
    #expect(failure?.category == .data)
    #expect(failure?.message.contains("000002." + kind) == true, "\(failure?.message ?? "")")
    #expect(failure?.hints.first?.description.contains("--chunk 2 --force") == true)
    _ = try pipeline.transform(folder, selection: .one(2), force: true)
    #expect(files(folder) == before)
    #expect(try pipeline.transform(folder).manifest != nil)
  }

  /// A damaged BAN in an earlier chunk must not remove the same, intact BAN from a later chunk.
  @Test func aDamagedBANRemovesNoOtherRecord() throws {
    let whole = Pipeline()
    let wholeFolder = try whole.fetch(Self.bytes, chunkSize: 4)
    _ = try whole.transform(wholeFolder)
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
    _ = try pipeline.transform(folder, selection: .one(1))
    let path = folder.registrations(1)
    var bytes = try #require(ScratchFolder.read(path))
    // 10000000 becomes 10000009, which the third chunk has.
    try #require(bytes.starts(with: Array("10000000".utf8)))
    bytes[7] = UInt8(ascii: "9")
    try write(bytes, path)
    let failure = #expect(throws: Failure.self) { try pipeline.transform(folder) }
    #expect(failure?.category == .data)
    #expect(failure?.hints.first?.description.contains("--chunk 1 --force") == true)
    _ = try pipeline.transform(folder, selection: .one(1), force: true)
    _ = try pipeline.transform(folder)
    #expect(files(folder) == files(wholeFolder))
  }

  /// While one process finalizes the snapshot, another transforms a chunk again: the files are those of a single run.
  @Test func aChunkTransformedDuringFinalizationLosesItsRepeatedBANs() throws {
    let whole = Pipeline()
    let wholeFolder = try whole.fetch(Self.repeating, chunkSize: 4)
    _ = try whole.transform(wholeFolder)
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.repeating, chunkSize: 4)
    for chunk in 1..<6 { _ = try pipeline.transform(folder, selection: .one(chunk)) }
    // The last chunk is validated, and all are finalized except the fifth, which is locked here.
    let held = Mutex<FileLock?>(nil)
    try held.withLock { lock in lock = try FileLock.tryLock(folder.chunkLock(5)) }
    try Workers.run(3) { (worker: Int) throws(any Error) in
      func isFinalizedAgainst() throws -> Bool? {
        try TransformChunkManifest.read(at: folder.transformChunkManifest(6)).map { $0.settledAgainst != nil }
      }
      func wait(for state: Bool?, looks: Int) throws -> Bool {
        for _ in 0..<looks {
          if try isFinalizedAgainst() == state { return true }
          usleep(1000)
        }
        return false
      }
      switch worker {
      case 0: _ = try pipeline.transform(folder)
      case 1:
        try #require(try wait(for: true, looks: 60_000))
        _ = try pipeline.transform(folder, selection: .one(6), force: true)
      default:
        try #require(try wait(for: true, looks: 60_000))
        // Worker 1 must wait for worker 0; if it did not, it would be done soon.
        _ = try wait(for: false, looks: 300)
        held.withLock { lock in lock = nil }
      }
    }
    #expect(try pipeline.transform(folder).manifest != nil)
    #expect(files(folder) == files(wholeFolder))
    // The field's name in the file is part of the format.
    let manifest = String(decoding: try #require(ScratchFolder.read(folder.transformChunkManifest(6))), as: UTF8.self)
    #expect(manifest.contains("\"settled_against\""))
  }

  /// Twenty-four records in six chunks; the last three chunks repeat the BANs of the first three.
  private static let repeating = Array(
    ("統一編號,營業人名稱\n" + (0..<24).map { "\(10_000_000 + $0 % 12),第\($0)號\n" }.joined()).utf8)

  @Test func aDamagedSourceChunkIsNamed() throws {
    for damage in ["flipped", "shorter", "gone", "swapped"] {
      let pipeline = Pipeline()
      let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
      var bytes = try #require(ScratchFolder.read(folder.csv(2)))
      switch damage {
      case "flipped": bytes[bytes.count / 2] ^= 1
      case "shorter": bytes.removeLast()
      case "swapped": bytes = try #require(ScratchFolder.read(folder.csv(3)))
      default: break
      }
      if damage == "gone" { unlink(folder.csv(2)) } else { try write(bytes, folder.csv(2)) }
      let failure = #expect(throws: Failure.self) { try pipeline.transform(folder) }
      #expect(failure?.category == .data)
      #expect(failure?.message.contains("000002.csv.zst") == true, "\(damage): \(failure?.message ?? "")")
      #expect(try SpoolFile.size(folder.transformManifest) == nil)
    }
  }

  @Test func anUnfinishedFetchIsNotReady() throws {
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
    unlink(folder.fetchManifest)
    let failure = #expect(throws: Failure.self) { try pipeline.transform(folder) }
    #expect(failure?.category == .notReady)
  }

  /// A chunk is stale if it was finalized against other earlier chunks, or for other rules or another input.
  @Test func staleChunksAreTransformedAgain() throws {
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
    _ = try pipeline.transform(folder)
    let before = files(folder)
    for change in ["older rules", "other input", "finalized against others"] {
      let path = folder.transformChunkManifest(5)
      var manifest = try #require(try TransformChunkManifest.read(at: path))
      switch change {
      case "older rules": manifest.rulesVersion = 0
      case "other input": manifest.inputManifestSHA256 = String(repeating: "0", count: 64)
      default: manifest.settledAgainst = String(repeating: "0", count: 64)
      }
      try manifest.publish(at: path)
      guard case .finalized = try pipeline.transform(folder) else {
        Issue.record("\(change)")
        return
      }
      #expect(files(folder) == before, "\(change)")
    }
  }

  /// A kill between any two files leaves a subset of them; the same command then gives the same bytes.
  @Test func anySubsetOfFilesIsCompleted() throws {
    let pipeline = Pipeline()
    let folder = try pipeline.fetch(Self.bytes, chunkSize: 4)
    _ = try pipeline.transform(folder)
    let before = files(folder)
    var random = SeededRandom(seed: 7)
    for _ in 0..<40 {
      unlink(folder.transformManifest)
      for chunk in 1...5 where random.next() % 2 == 0 {
        // The manifest is removed first: a kill never leaves a manifest without its files.
        unlink(folder.transformChunkManifest(chunk))
        if random.next() % 2 == 0 { unlink(folder.registrations(chunk)) }
        if random.next() % 2 == 0 { unlink(folder.findings(chunk)) }
      }
      _ = try pipeline.transform(folder, jobs: 2)
      #expect(files(folder) == before)
    }
  }

  /// Returns name and content of all files that transform writes, except locks.
  private func files(_ folder: SnapshotFolder) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in (try? Folder.names(folder.transformFolder)) ?? [] where !name.hasPrefix(".") {
      files[name] = ScratchFolder.read(folder.transformFolder + "/" + name)
    }
    files["transform.json"] = ScratchFolder.read(folder.transformManifest)
    return files
  }

  private func write(_ bytes: [UInt8], _ path: String) throws {
    let file = try #require(fopen(path, "w"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}
