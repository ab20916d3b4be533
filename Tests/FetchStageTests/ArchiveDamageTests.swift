import ArchiveBuilder
import FetchStage
import SeededRandom
import Spool
import Support
import TestSupport
import Testing

/// Archives that are cut or changed at any byte, and archives with endless content.
@Suite struct ArchiveDamageTests {
  private static let csv = TruncatedAnswerTests.small

  /// Small archives whose checksums cover all of their content. (Of several gzip members or zstd frames, a cut after one
  /// cannot be noticed.)
  static let archives: [ArchivedCSV] = {
    let (file, stored) = (ZipMemberBuilder("a.csv", csv), ZipMemberBuilder("a.csv", csv, deflated: false))
    let readme = ZipMemberBuilder("readme.txt", Array("a text".utf8))
    let large = stored.with {
      $0.local.zip64 = [.bytes, .compressedBytes]
      $0.listed.zip64 = [.bytes, .compressedBytes, .offset]
    }
    return [
      .zip("zip", ZipBuilder([file])),
      .zip("stored zip", ZipBuilder([stored])),
      .zip("zip, described later", ZipBuilder([file.with { $0.descriptor = .withSignature }, readme])),
      .zip("stored zip, described later", ZipBuilder([readme, stored.with { $0.descriptor = .withoutSignature }])),
      .zip("zip64", ZipBuilder([large]).with { $0.zip64 = [.count, .size, .offset] }),
      ArchivedCSV(name: "gzip", bytes: GzipBuilder.member(csv, name: "a.csv"), format: .gzip),
      ArchivedCSV(name: "zstd", bytes: ZstdBuilder.frame(csv), format: .zstd),
      ArchivedCSV(name: "zstd, of unknown size", bytes: ZstdBuilder.stream(csv), format: .zstd),
    ]
  }()

  @Test(arguments: archives)
  func aCutArchiveIsRefused(_ archive: ArchivedCSV) throws {
    let fixture = ArchiveFixture()
    for count in Drawn.oneIn(4, of: 0..<archive.bytes.count) {
      let end = End { try fixture.fetch(file: Array(archive.bytes.prefix(count)), chunkSize: 2) }
      let failure = try #require(end.failure, "\(archive.name), \(count) bytes: \(end)")
      #expect(failure.category == .data, "\(archive.name), \(count) bytes: \(failure)")
      #expect(try fixture.snapshots().isEmpty, "\(archive.name), \(count) bytes")
    }
  }

  @Test(arguments: archives, [0x01, 0x80] as [UInt8])
  func aChangedByteIsRefusedOrHasNoEffect(_ archive: ArchivedCSV, _ mask: UInt8) throws {
    for offset in Drawn.oneIn(4, of: archive.bytes.indices) {
      var bytes = archive.bytes
      bytes[offset] ^= mask
      try expectRefusedOrEqual(bytes, "\(archive.name), byte \(offset) ^ \(mask)")
    }
  }

  /// Changes that checksums of single bytes would not show: several bytes, and parts moved or repeated.
  @Test(arguments: archives)
  func randomChangesAreRefusedOrHaveNoEffect(_ archive: ArchivedCSV) throws {
    var random = SeededRandom()
    for turn in 0..<100 {
      var bytes = archive.bytes
      for _ in 0...random.below(3) { change(&bytes, &random) }
      try expectRefusedOrEqual(bytes, "\(archive.name), seed \(random.seed), turn \(turn)")
    }
  }

  private func change(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    guard !bytes.isEmpty else { return }
    let start = random.below(bytes.count)
    let end = min(bytes.count, start + 1 + random.below(20))
    switch random.below(5) {
    case 0: bytes[start] = UInt8(random.below(256))
    case 1: for index in start..<end { bytes[index] = random.pick([0, 0xFF]) }
    case 2: bytes.removeSubrange(start..<end)
    case 3: bytes.insert(contentsOf: Array(bytes[start..<end]), at: random.below(bytes.count))
    default: bytes[start] &+= 1
    }
  }

  private func expectRefusedOrEqual(_ bytes: [UInt8], _ what: String) throws {
    let fixture = ArchiveFixture()
    switch End({ try fixture.fetch(file: bytes, chunkSize: 2) }) {
    case .fetched(let folder):
      let content = try fixture.content(folder)
      #expect(content == Self.csv, "\(what)")
      #expect(try fixture.snapshots() == [folder.id], "\(what)")
    case .unchanged: Issue.record("\(what): unchanged")
    case .failed(let failure):
      #expect(failure.category == .data, "\(what): \(failure)")
      #expect(try fixture.snapshots().isEmpty, "\(what)")
    }
  }

  /// 200 MB of zeros, or of records, in some hundred KB.
  enum Bomb: String, Sendable, CaseIterable {
    case zeros, oneLine, records

    var head: [UInt8] { self == .zeros ? [] : Array("統一編號,營業人名稱\n".utf8) }

    /// One MiB.
    var block: [UInt8] {
      let record = Array((self == .records ? "04595257,甲十一\n" : "\0").utf8)
      return (0..<(1 << 20) / record.count).flatMap { _ in record }
    }
  }

  @Test(arguments: Bomb.allCases)
  func aDecompressionBombEndsAtTheLimit(_ bomb: Bomb) throws {
    let (head, block, times) = (bomb.head, bomb.block, 200)
    let bytes = head.count + times * block.count
    let bombed = ZipMemberBuilder("a.csv", []).with {
      $0.data = Deflate.compress(head, then: block, times: times)
      let compressed = $0.data.count
      $0.setBoth { ($0.compressedBytes, $0.bytes) = (compressed, bytes) }
    }
    let readme = ZipMemberBuilder("readme.txt", [])
    let archives = [
      ZipBuilder([bombed]).bytes, ZipBuilder([readme, bombed]).bytes, GzipBuilder.bomb(head, then: block, times: times),
      ZstdBuilder.stream(head, then: block, times: times),
    ]
    for (index, archive) in archives.enumerated() {
      #expect(archive.count < 4 << 20, "archive \(index): \(archive.count)")
      let fixture = ArchiveFixture()
      let end = End { try fixture.fetch(file: archive, chunkSize: 50_000, bytesMax: 24 << 20) }
      let failure = try #require(end.failure, "archive \(index): \(end)")
      #expect(failure.category == .data, "archive \(index): \(failure)")
      #expect(bomb != .records || failure.message.contains("--max-bytes"), "archive \(index): \(failure)")
      #expect(try fixture.snapshots().isEmpty, "archive \(index)")
    }
  }

  /// Memory does not depend on the content: it is passed on in blocks of at most 256 KiB.
  @Test func contentIsPassedOnInSmallBlocks() throws {
    let block = Bomb.records.block
    let member = GzipBuilder.member(block)
    let archives: [(Archive.Format, [UInt8])] = [
      (.gzip, (0..<20).flatMap { _ in member }), (.zstd, ZstdBuilder.stream([], then: block, times: 20)),
    ]
    for (format, archive) in archives {
      var (largest, total) = (0, 0)
      try archive.withUnsafeBytes { bytes in
        let reader = try ArchiveReader(format)
        _ = try reader.appending(bytes) {
          largest = max(largest, $0.count)
          total += $0.count
        }
      }
      #expect(total == 20 * block.count, "\(format)")
      #expect(largest <= 1 << 18, "\(format): \(largest)")
    }
  }
}
