import CSupport
import Digest
import Glibc
import Spool
import Support
import Synchronization
import TestSupport
import Testing
import Zstd

@Suite struct FileTests {
  @Test("a file with one writer refuses a second one, and replaces what a killed one left")
  func oneWriter() throws {
    let scratch = ScratchFolder()
    let path = scratch.path + "/mine"
    _ = scratch.write(Array("left".utf8), to: ".mine.tmp")
    var first = try DurableFile(path, isExclusive: true)
    try Array("first".utf8).withUnsafeBytes { try first.write($0) }
    do {
      _ = try DurableFile(path, isExclusive: true)
      Issue.record("two writers")
    } catch { #expect(error.category == .temporary) }
    try first.publish()
    #expect(ScratchFolder.read(path) == Array("first".utf8))
    var second = try DurableFile(path, isExclusive: true)
    try Array("second".utf8).withUnsafeBytes { try second.write($0) }
    try second.publish()
    #expect(ScratchFolder.read(path) == Array("second".utf8))
    #expect(ScratchFolder.read(scratch.path + "/.mine.tmp") == nil)
  }

  @Test func aFileThatIsNotCommittedLeavesNothing() throws {
    let scratch = ScratchFolder()
    do {
      var file = try DurableFile(scratch.path + "/a")
      try Array("half".utf8).withUnsafeBytes { try file.write($0) }
    }
    #expect(try Folder.names(scratch.path).isEmpty)
    var file = try DurableFile(scratch.path + "/a")
    try Array("whole".utf8).withUnsafeBytes { try file.write($0) }
    #expect(ScratchFolder.read(scratch.path + "/a") == nil)
    try file.publish()
    #expect(ScratchFolder.read(scratch.path + "/a") == Array("whole".utf8))
    #expect(try Folder.names(scratch.path) == ["a"])
  }

  @Test func aTextThatChangesErrnoDoesNotChangeTheReason() {
    func text() -> String {
      errno = EBADF
      return "write 'a'"
    }
    errno = ENOSPC
    let failure = Failure.system(text(), errno: errno)
    #expect(failure.message == "unable to write 'a': no space left on device", "\(failure)")
  }

  @Test func anErrorInListingAFolderIsNotItsEnd() throws {
    let scratch = ScratchFolder()
    _ = scratch.write([1], to: "a")
    let folder = try #require(opendir(scratch.path))
    defer { closedir(folder) }
    let file = open(scratch.path + "/a", O_RDONLY)
    dup2(file, dirfd(folder))
    close(file)
    var code: Int32 = 0
    #expect(registry_next_name(UnsafeMutableRawPointer(folder), &code) == nil)
    #expect(code == ENOTDIR)
    let whole = try #require(opendir(scratch.path))
    defer { closedir(whole) }
    #expect(registry_next_name(UnsafeMutableRawPointer(whole), &code).map { String(cString: $0) } == "a")
    #expect(registry_next_name(UnsafeMutableRawPointer(whole), &code) == nil && code == 0)
  }

  @Test func aHashedFileReportsItsSizeAndDigest() throws {
    let scratch = ScratchFolder()
    for size in [0, 1, 4095, 4096, 4097, 100_000] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7) }
      var file = try HashedFile(scratch.path + "/b")
      for start in stride(from: 0, to: size, by: 999) {
        try Array(bytes[start..<min(start + 999, size)]).withUnsafeBytes { try file.append($0) }
      }
      let entry = try file.seal(records: 3)
      #expect(entry == FileEntry(name: "b", bytes: size, sha256: SHA256.of(bytes), records: 3))
      #expect(ScratchFolder.read(scratch.path + "/b") == bytes)
    }
  }

  @Test func aSymbolicLinkIsNeverFollowed() throws {
    let scratch = ScratchFolder()
    _ = scratch.write(Array("secret".utf8), to: "target")
    symlink(scratch.path + "/target", scratch.path + "/link")
    symlink(scratch.path + "/target", scratch.path + "/.c.tmp")
    #expect(throws: Failure.self) { try SpoolFile.read(scratch.path + "/link", bytesMax: 100) }
    #expect(throws: Failure.self) { try SpoolFile.size(scratch.path + "/link") }
    #expect(ScratchFolder.read(scratch.path + "/target") == Array("secret".utf8))
  }

  /// In a shared folder, another user may have made a file or a link with the temporary name.
  @Test func whatHasTheTemporaryNameIsReplaced() throws {
    let scratch = ScratchFolder()
    _ = scratch.write(Array("secret".utf8), to: "target")
    symlink(scratch.path + "/target", scratch.path + "/.a.tmp")
    link(scratch.path + "/target", scratch.path + "/.b.tmp")
    mkfifo(scratch.path + "/.c.tmp", 0o666)
    for name in ["a", "b", "c"] {
      try DurableFile.write(Array("new".utf8), to: scratch.path + "/" + name)
      #expect(ScratchFolder.read(scratch.path + "/" + name) == Array("new".utf8))
    }
    #expect(ScratchFolder.read(scratch.path + "/target") == Array("secret".utf8))
    mkdir(scratch.path + "/.d.tmp", 0o700)
    #expect(throws: Failure.self) { _ = try DurableFile(scratch.path + "/d") }
  }

  /// Opening the pipe must not block.
  @Test func aNamedPipeIsRefused() throws {
    let scratch = ScratchFolder()
    mkfifo(scratch.path + "/pipe", 0o600)
    #expect(throws: Failure.self) { try SpoolFile.read(scratch.path + "/pipe", bytesMax: 100) }
  }

  @Test func sizesAreCheckedBeforeMemoryIsAllocated() throws {
    let scratch = ScratchFolder()
    _ = scratch.write([1, 2, 3, 4], to: "d")
    #expect(try SpoolFile.read(scratch.path + "/d", bytesMax: 4) == [1, 2, 3, 4])
    #expect(throws: Failure.self) { try SpoolFile.read(scratch.path + "/d", bytesMax: 3) }
    #expect(try SpoolFile.read(scratch.path + "/none", bytesMax: 3) == nil)
  }

  /// A frame with more bytes than its manifest declares, and manifests that declare up to 2^60 bytes.
  @Test func aDecompressionBombIsRefused() throws {
    let scratch = ScratchFolder()
    let id = try #require(SnapshotID("20260901T211500Z-1f0c9a3e"))
    let folder = SnapshotFolder(spool: scratch.path, id: id)
    try Folder.make(folder.path)
    try Folder.make(folder.fetchFolder)
    var compressor = try Compressor(level: 1)
    var frame: [UInt8] = []
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    for _ in 0..<100 { try zeros.withUnsafeBytes { try compressor.compress($0) { frame += $0 } } }
    try compressor.finish { frame += $0 }
    let file = try #require(fopen(folder.csv(1), "w"))
    fwrite(frame, 1, frame.count, file)
    fclose(file)
    var reader = try ChunkReader()
    for promised in [1000, 1 << 24, 1 << 40, 1 << 60, -1] {
      let manifest = FetchChunkManifest(
        rulesVersion: 1, chunk: 1,
        csv: FileEntry(name: "000001.csv.zst", bytes: promised, compressedBytes: frame.count, sha256: "", records: 1),
        byteOffset: 0, firstLine: 1, lines: 0, firstRecord: 1, columns: [], sourceDate: nil, headerBytes: 0,
        structureErrors: 0, tooLongOffsets: [])
      let failure = #expect(throws: Failure.self) { try reader.read(manifest, in: folder) { _ in } }
      #expect(failure?.category == .data, "\(promised)")
    }
  }

  @Test func anExclusiveLockHasOneHolderAndEndsWithIt() throws {
    let scratch = ScratchFolder()
    let path = scratch.path + "/lock"
    // A second open file description in this process stands for another process.
    func isFree(shared: Bool = false) throws -> Bool { try FileLock.tryLock(path, shared: shared) != nil }
    #expect(try FileLock.tryLock(path, make: false) == nil)
    #expect(try FileLock.lock(path).hold { try isFree() || isFree(shared: true) } == false)
    #expect(try FileLock.lock(path, shared: true).hold { try !isFree() && isFree(shared: true) })
    #expect(try isFree())
    struct Oops: Error {}
    #expect(throws: Oops.self) { try FileLock.lock(path).hold { throw Oops() } }
    #expect(try isFree())
  }

  @Test func waitingForALockEndsWhenItIsFreeOrStopped() throws {
    let scratch = ScratchFolder()
    let path = scratch.path + "/lock"
    let held = Mutex<FileLock?>(try .tryLock(path))
    var asked = 0
    let stopped = Failure(.temporary, "stopped")
    #expect(throws: Failure.self) {
      try FileLock.lock(path) { () throws(Failure) in
        asked += 1
        if asked == 2 { throw stopped }
      }.release()
    }
    // The stop check, called during the wait, releases the held lock.
    try FileLock.lock(path) { held.withLock { $0 = nil } }.release()
    #expect(asked == 2)
  }
}

@Suite struct ManifestTests {
  private let manifest = DownloadManifest(
    rulesVersion: 1, source: Source(url: "https://example.org/a.csv", urlSHA256: "00"),
    terms: FetchTerms(chunkSize: 5, limit: 7, sample: false), startedAt: "2026-09-01T21:15:00Z")

  @Test func aManifestIsReadAsWritten() throws {
    let scratch = ScratchFolder()
    let path = scratch.path + "/m.json"
    let digest = try manifest.publish(at: path)
    let read = try #require(try DownloadManifest.readWithDigest(at: path))
    #expect(read.manifest == manifest)
    #expect(read.sha256 == digest)
    #expect(try DownloadManifest.read(at: scratch.path + "/none.json") == nil)
  }

  /// Returns a complete manifest. Numbers in its strings must not be checked.
  private static func whole(chunkSize: String) -> String {
    #"{"format": 1, "rules_version": 1, "started_at": "-1 \" 1e99 \\", "source": {"url": "-12345678901234567890","#
      + #" "url_sha256": "0"}, "terms": {"chunk_size": \#(chunkSize), "sample": false}}"#
  }

  @Test func numbersInRangeAreAccepted() throws {
    let scratch = ScratchFolder()
    let path = scratch.write(Array(Self.whole(chunkSize: "999999999999").utf8), to: "m.json")
    #expect(try DownloadManifest.read(at: path)?.terms.chunkSize == 999_999_999_999)
  }

  @Test(arguments: [
    ("{\"format\": 2, \"anything\": true}", "format 2"), ("{\"format\": 0}", "format 0"), ("{}", "'format' is missing"),
    ("{\"format\": 1}", "is missing"), ("{\"format\": \"1\"}", "another type"), ("", "not JSON"), ("{", "not JSON"),
    ("[1]", "another type"), ("{\"format\": 1e400}", ""),
    (whole(chunkSize: "-1"), "out of range"), (whole(chunkSize: "1152921504606846976"), "out of range"),
    (whole(chunkSize: "5e0"), "out of range"), (whole(chunkSize: "9223372036854775808"), ""),
  ])
  func anInvalidManifestIsRefusedWithTheReason(_ text: String, _ says: String) throws {
    let scratch = ScratchFolder()
    let path = scratch.write(Array(text.utf8), to: "m.json")
    let failure = #expect(throws: Failure.self) { try DownloadManifest.read(at: path) }
    #expect(failure?.category == .data)
    // If Foundation is in scope, its `contains` returns false for an empty text.
    #expect(says.isEmpty || failure?.message.contains(says) == true, "\(failure?.message ?? "")")
    #expect(failure?.message.contains(path) == true)
  }

  /// Foundation's parser ends the process if the last byte exceeds its nesting limit.
  @Test func deepNestingIsRefusedAsDamage() throws {
    let scratch = ScratchFolder()
    for text in ["{\"format\": 1, \"x\": ", "{\"\":\"\",\"\":{\"\":\"\",\"\":2,\"\":\"\"},\"\":"] {
      for depth in [16, 17, 400, 510, 511, 512, 513, 100_000] {
        for bracket in ["[", "{\"a\":"] {
          let path = scratch.write(Array((text + String(repeating: bracket, count: depth)).utf8), to: "m.json")
          let failure = #expect(throws: Failure.self) { try DownloadManifest.read(at: path) }
          #expect(failure?.category == .data)
          let line = Array((text + String(repeating: bracket, count: depth)).utf8)
          #expect(throws: DecodingError.self) { try Finding(line: line) }
        }
      }
    }
    // Brackets in a string do not count.
    let path = scratch.write(
      Array(
        "{\"format\":1,\"accepted_by\":\"\\\"\(String(repeating: "[", count: 900))\",\"accepted_at\":\"\",\"reason\":\"\",\"refusals\":[]}"
          .utf8), to: "m.json")
    #expect(try AcceptanceManifest.read(at: path)?.acceptedBy.utf8.count == 901)
  }
}

@Suite struct SnapshotIDTests {
  @Test func onlyAValidIDIsAccepted() {
    #expect(SnapshotID("20260901T211500Z-1f0c9a3e") != nil)
    for text in [
      "", "..", "20260901T211500Z-1F0C9A3E", "20260901T211500Z-1f0c9a3", "20260901T211500Z-1f0c9a3e/",
      "../0901T211500Z-1f0c9a3e", "20261301T211500Z-1f0c9a3e", "20260230T211500Z-1f0c9a3e",
      "20260901T240000Z-1f0c9a3e", "00000000T000000Z-00000000", "99991231T235959Z-00000000",
      "20260901 211500Z-1f0c9a3e", "２0260901T211500Z-1f0c9a", "20260901T211500Z-1f0c9a3g",
    ] { #expect(SnapshotID(text) == nil, "\(text)") }
  }

  @Test func theNextIDIsLaterEvenIfTheClockIsSetBack() throws {
    let newest = try #require(SnapshotID("20260901T211500Z-1f0c9a3e"))
    #expect(SnapshotID.next(after: newest, now: 0).description.hasPrefix("20260901T211501Z-"))
    #expect(SnapshotID.next(after: newest, now: 2_000_000_000).description.hasPrefix("20330518T033320Z-"))
    #expect(SnapshotID.next(after: nil, now: 0).description.hasPrefix("19700101T000000Z-"))
  }
}

@Suite struct WholeFrameTests {
  /// One compressor makes frames of different sizes, each in one call and as a stream.
  @Test func framesOfAnySizeAreDecompressed() throws {
    var compressor = try Compressor(level: 1)
    var decompressor = try Decompressor()
    for size in [0, 1, 100_000, 5, 1_000_000, 70_000] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
      for whole in [true, false] {
        var frame: [UInt8] = []
        try bytes.withUnsafeBytes { input in
          if whole {
            try compressor.compress(whole: input) { frame += $0 }
          } else {
            try compressor.compress(input) { frame += $0 }
            try compressor.finish { frame += $0 }
          }
        }
        var output = [UInt8](repeating: 0, count: size + 1)
        let count = try frame.withUnsafeBytes { frame in
          try output.withUnsafeMutableBytes { try decompressor.decompress(frame, into: $0) }
        }
        #expect(Array(output[..<count]) == bytes, "\(size) bytes, whole: \(whole)")
      }
    }
  }
}
