import ArchiveBuilder
import FetchStage
import LoopbackServer
import Spool
import Support
import TestSupport
import Testing

/// Archives that are not acceptable.
@Suite struct ArchiveRefusalTests {
  struct Refused: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    /// A part of the message.
    let reason: String
    var testDescription: String { name }
  }

  private static let csv = TruncatedAnswerTests.small
  private static let file = ZipMemberBuilder("a.csv", csv)
  private static let stored = ZipMemberBuilder("a.csv", csv, deflated: false)
  private static let readme = ZipMemberBuilder("readme.txt", Array("a text".utf8))

  private static func refused(_ name: String, _ members: [ZipMemberBuilder], _ reason: String) -> Refused {
    Refused(name: name, bytes: ZipBuilder(members).bytes, reason: reason)
  }

  /// Files that fetch does not unpack.
  static let unsupported: [Refused] = {
    var all: [Refused] = []
    func add(_ name: String, _ member: ZipMemberBuilder, _ reason: String) {
      all.append(refused(name, [member], reason))
    }
    add("encrypted", file.with { $0.setBoth { $0.flags = 1 } }, "'a.csv' is encrypted")
    add("encrypted with AES", file.with { $0.setBoth { ($0.flags, $0.method) = (1, 99) } }, "'a.csv' is encrypted")
    add("method 99", file.with { $0.setBoth { $0.method = 99 } }, "AES encryption")
    add("LZMA", file.with { $0.setBoth { $0.method = 14 } }, "LZMA")
    add("Deflate64", file.with { $0.setBoth { $0.method = 9 } }, "Deflate64")
    add("bzip2", file.with { $0.setBoth { $0.method = 12 } }, "bzip2")
    add("an unknown method", file.with { $0.setBoth { $0.method = 77 } }, "method 77")
    return all
  }()

  /// Archives without exactly one file to unpack.
  static let ambiguous: [Refused] = {
    let other = ZipMemberBuilder("b.csv", csv)
    let text = ZipMemberBuilder("b.txt", csv)
    var all = [
      refused("none", [readme, text], "none of its 2 files is a .csv file"),
      refused("two", [file, other], "it has 2 .csv files: 'a.csv', 'b.csv'"),
      refused("two of one name", [file, file], "it has 2 .csv files"),
      refused("five", [file, other, file, other, file], "it has 5 .csv files"),
      refused("empty", [], "it has no file"),
      refused("only a folder", [.folder("a.csv/")], "it has no file"),
      refused("only attributes", [ZipMemberBuilder("__MACOSX/._a.csv", csv)], "it has no file"),
    ]
    // Other readers would see the second file.
    let hidden = ZipBuilder([file, other]).with { $0.count = 1 }
    all.append(Refused(name: "a hidden file", bytes: hidden.bytes, reason: "does not end after its last entry"))
    let unlisted = other.with { $0.isListed = false }
    all.append(refused("the first file is not listed", [unlisted, file], "is not the one that its directory names"))
    return all
  }()

  /// Archives whose numbers contradict each other.
  static let contradicting: [Refused] = {
    let differs = "differs between its header and the directory"
    let size = "has not the size that the directory names"
    var all: [Refused] = []
    for (kind, member) in [("deflated", file), ("stored", stored)] {
      func add(_ name: String, _ reason: String, _ change: (inout ZipMemberBuilder) -> Void) {
        all.append(refused("\(kind), \(name)", [member.with(change), readme], reason))
      }
      add("another CRC in the header", differs) { $0.local.crc ^= 1 }
      add("another CRC in the directory", differs) { $0.listed.crc ^= 1 }
      add("a wrong CRC", "another checksum (CRC-32)") { $0.setBoth { $0.crc ^= 1 } }
      add("a wrong CRC, described later", "another checksum (CRC-32)") {
        $0.setBoth { $0.crc ^= 1 }
        $0.descriptor = .withSignature
      }
      add("another size in the header", differs) { $0.local.bytes += 1 }
      add("another size in the directory", differs) { $0.listed.bytes -= 1 }
      add("a wrong size", size) { $0.setBoth { $0.bytes += 1 } }
      add("another compressed size in the header", differs) { $0.local.compressedBytes -= 1 }
      add("another compressed size in the directory", differs) { $0.listed.compressedBytes -= 1 }
      add("a wrong compressed size", size) { $0.setBoth { $0.compressedBytes -= 1 } }
      add("another name in the header", differs) { $0.local.name = Array("b.csv".utf8) }
      add("another method in the header", "is refused") { $0.local.method = 8 - $0.local.method }
      add("encrypted in the header", differs) { $0.local.flags = 1 }
      add("data over the next file", "its files overlap") { $0.setBoth { $0.compressedBytes += 1 } }
      add("data beyond the end", "its files overlap") { $0.setBoth { $0.compressedBytes = 0xFFFF_FFF0 } }
      add("the largest size", "its files overlap") {
        $0.setBoth { ($0.compressedBytes, $0.zip64) = (.max, [.compressedBytes]) }
      }
      add("a size beyond Int", "has an impossible size or place") {
        $0.setBoth { ($0.compressedBytes, $0.zip64) = (-1, [.compressedBytes]) }
      }
      for offset in [Int.max, Int.max - 29, -1, 1 << 40] {
        add("at \(offset)", "has an impossible size or place") {
          $0.offset = offset
          $0.listed.zip64 = [.offset]
        }
      }
      add("in the directory", "has an impossible size or place") { $0.offset = 0xFFFF_FFF0 }
      add("where no file begins", "there is no file at byte 1") { $0.offset = 1 }
    }
    return all
  }()

  /// Archives with bytes where none belong.
  static let misplaced: [Refused] = {
    let zip = ZipBuilder([file])
    let place = "its directory is not where its end says"
    let cut = "it does not end with a directory"
    // A file inside another one: two readers could see different archives.
    let splitMark: [UInt8] = [0x50, 0x4b, 7, 8]
    let inner = ZipMemberBuilder("container", file.record, deflated: false)
    let inside = file.with {
      $0.offset = inner.record.count - file.record.count
      $0.isWritten = false
    }
    var all = [
      refused("a file in a file", [inner, inside], "its files overlap"),
      refused("a file listed twice", [file, readme.with { $0.offset = 0 }], "its files overlap"),
    ]
    func add(_ name: String, _ parts: [[UInt8]], _ reason: String) {
      all.append(Refused(name: name, bytes: parts.flatMap { $0 }, reason: reason))
    }
    let (whole, other) = (zip.bytes, ZipBuilder([readme]).bytes)
    add("an archive before", [other, whole], place)
    add("the same archive before", [whole, whole], place)
    add("an archive after", [whole, other], place)
    add("one byte appended", [whole, [0]], cut)
    add("bytes appended", [whole, csv], cut)
    add("one byte prepended", [[0], whole], "the source is refused")
    add("a program prepended", [Array("#!/bin/sh\nexit\n".utf8), whole], "the source is refused")
    add("cut", [Array(whole.dropLast())], cut)
    add("cut in half", [Array(whole.prefix(whole.count / 2))], cut)
    add("the last part of a split archive", [zip.with { $0.disk = 1 }.bytes], "split archive")
    add("the first part of a split archive", [splitMark, Array(whole.dropLast(30))], cut)
    for fields in [ZipBuilder.EndFields.count, .size, .offset] {
      var bytes = zip.with { $0.zip64 = fields }.bytes
      // The record for zip64 begins 98 bytes before the end of the archive.
      bytes[bytes.count - 98] ^= 1
      add("zip64 \(fields.rawValue)", [bytes], "its zip64 end is not valid")
    }
    return all
  }()

  /// Damaged gzip and zstd files.
  static let streams: [Refused] = {
    let (gzip, zstd) = (GzipBuilder.member(csv), ZstdBuilder.frame(csv))
    func flipped(_ bytes: [UInt8], fromEnd offset: Int) -> [UInt8] {
      var bytes = bytes
      bytes[bytes.count - offset] ^= 1
      return bytes
    }
    var all: [Refused] = []
    func add(_ name: String, _ bytes: [UInt8], _ reason: String) {
      all.append(Refused(name: name, bytes: bytes, reason: reason))
    }
    add("gzip, cut", Array(gzip.dropLast()), "it is cut off")
    add("gzip, wrong size", flipped(gzip, fromEnd: 1), "it is damaged")
    add("gzip, wrong CRC", flipped(gzip, fromEnd: 8), "it is damaged")
    add("gzip, text after", gzip + Array("a text".utf8), "it is damaged")
    add("gzip, text after padding", gzip + Array("\0\0a".utf8), "bytes follow its last member")
    add("gzip, half a member after", gzip + Array(gzip.prefix(20)), "it is cut off")
    add("zstd, cut", Array(zstd.dropLast()), "it is cut off")
    add("zstd, wrong checksum", flipped(zstd, fromEnd: 1), "it is damaged")
    add("zstd, text after", zstd + Array("a text".utf8), "it is damaged")
    add("zstd, half a frame after", zstd + Array(zstd.prefix(12)), "it is cut off")
    add("zip in gzip", GzipBuilder.member(ZipBuilder([file]).bytes), "a zip file")
    add("gzip in zip", ZipBuilder([ZipMemberBuilder("a.csv", gzip)]).bytes, "a gzip file")
    return all
  }()

  @Test(arguments: unsupported + ambiguous + contradicting + misplaced + streams)
  func itIsRefusedAndNothingRemains(_ archive: Refused) throws {
    let fixture = ArchiveFixture()
    let file = End { try fixture.fetch(file: archive.bytes, chunkSize: 1) }
    try expectRefused(file, archive, "file")
    #expect(try fixture.snapshots().isEmpty)
    let stream = End { try fixture.fetch(stream: archive.bytes, chunkSize: 1) }
    try expectRefused(stream, archive, "stream")
    #expect(try fixture.snapshots().isEmpty)
    let web = try WebFixture(ServedFile(archive.bytes, lastModified: WebFixture.old, etag: "\"v1\""))
    let end = End { try web.fetch { $0.terms.chunkSize = 1 } }
    try expectRefused(end, archive, "web")
    #expect(web.server.requests.count == 1)
    #expect(try SpoolIndex.snapshots(web.spool).isEmpty)
  }

  private func expectRefused(_ end: End, _ archive: Refused, _ source: String) throws {
    let failure = try #require(end.failure, "\(source): \(end)")
    #expect(failure.category == .data, "\(source): \(failure)")
    #expect(failure.message.contains(archive.reason), "\(source): \(failure.message)")
  }

  /// Bytes between the files and the directory are not read, and are no reason to refuse the archive.
  @Test func bytesBeforeTheDirectoryAreIgnored() throws {
    let fixture = ArchiveFixture()
    let zip = ZipBuilder([Self.file]).with { $0.gap = [1, 2, 3] }
    let folder = try fixture.fetch(file: zip.bytes).expectFetched()
    let content = try fixture.content(folder)
    #expect(content == Self.csv)
  }

  /// A good snapshot stays when a later archive is refused.
  @Test func earlierSnapshotsStay() throws {
    let fixture = ArchiveFixture()
    let first = try fixture.fetch(file: Self.csv).expectFetched()
    for archive in Self.contradicting.prefix(5) + Self.streams {
      #expect(category { try fixture.fetch(file: archive.bytes, chunkSize: 1) } == .data, "\(archive.name)")
      #expect(try fixture.snapshots() == [first.id], "\(archive.name)")
    }
  }
}
