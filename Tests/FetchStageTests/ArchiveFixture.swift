import ArchiveBuilder
import CommandKit
import Digest
import FetchStage
import Glibc
import LoopbackServer
import Spool
import Support
import TestSupport
import Testing

/// A CSV in an archive, and what `fetch.json` should say about it.
struct ArchivedCSV: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  let format: Archive.Format
  var member: String?
  var testDescription: String { name }

  static func zip(_ name: String, _ zip: ZipBuilder, member: String = "BGMOPEN1.csv") -> ArchivedCSV {
    ArchivedCSV(name: name, bytes: zip.bytes, format: .zip, member: member)
  }

  /// The CSV in each of the forms that fetch reads.
  static func forms(of csv: [UInt8]) -> [ArchivedCSV] {
    let file = ZipMemberBuilder("BGMOPEN1.csv", csv)
    let stored = ZipMemberBuilder("BGMOPEN1.csv", csv, deflated: false)
    return zipForms(file, stored, csv) + zip64Forms(file, stored) + streamForms(csv)
  }

  private static func zipForms(
    _ file: ZipMemberBuilder, _ stored: ZipMemberBuilder, _ csv: [UInt8]
  ) -> [ArchivedCSV] {
    let readme = ZipMemberBuilder("readme.txt", Array("a text".utf8))
    let (unnamed, storedUnnamed) = (
      ZipMemberBuilder("BGMOPEN1", csv), ZipMemberBuilder("BGMOPEN1", csv, deflated: false)
    )
    let attributes = ["BGMOPEN1", "BGMOPEN1.csv", "other.csv"].map {
      ZipMemberBuilder("__MACOSX/._" + $0, [0, 5, 22, 7])
    }
    // 稅籍 in Big5.
    let big5: [UInt8] = [0xB5, 0x7C, 0xC4, 0x79] + Array(".csv".utf8)
    let commented = file.with {
      // The time of the file, as Unix programs write it.
      $0.setBoth { $0.extra = [0x55, 0x54, 5, 0, 1, 0, 0, 0, 0] }
      $0.comment = Array("the registry".utf8)
    }

    var forms: [ArchivedCSV] = []
    func add(_ name: String, _ members: [ZipMemberBuilder], member: String = "BGMOPEN1.csv", comment: String = "") {
      let zip = ZipBuilder(members).with { $0.comment = Array(comment.utf8) }
      forms.append(.zip(name, zip, member: member))
    }
    add("zip", [file])
    add("stored zip", [stored])
    add("zip, with a comment", [file], comment: "PK\u{5}\u{6} a comment")
    add("zip, with comment and extra field of the file", [commented])
    add("zip, a readme before", [readme, file])
    add("zip, a readme after", [file, readme])
    add("stored zip, a readme after", [stored, readme])
    add("zip, in a folder", [.folder("data/"), ZipMemberBuilder("data/a.CSV", csv)], member: "data/a.CSV")
    add("zip, not named .csv", [unnamed], member: "BGMOPEN1")
    add("stored zip, not named .csv", [storedUnnamed], member: "BGMOPEN1")
    add("zip, named in Big5", [ZipMemberBuilder(big5, csv)], member: String(decoding: big5, as: UTF8.self))
    add("zip, of macOS", [attributes[1], file, .folder("__MACOSX/"), attributes[2]])
    add("zip, of macOS, not named .csv", [unnamed, attributes[0]], member: "BGMOPEN1")
    for descriptor in ZipMemberBuilder.Descriptor.allCases {
      let described = file.with { $0.descriptor = descriptor }
      let storedDescribed = stored.with { $0.descriptor = descriptor }
      add("zip, \(descriptor)", [described])
      add("zip, \(descriptor), a readme after", [described, readme])
      add("stored zip, \(descriptor)", [storedDescribed])
      add("stored zip, \(descriptor), a readme after", [storedDescribed, readme])
    }
    return forms
  }

  private static func streamForms(_ csv: [UInt8]) -> [ArchivedCSV] {
    let (head, tail) = (Array(csv.prefix(csv.count / 3)), Array(csv.dropFirst(csv.count / 3)))
    let padding = [UInt8](repeating: 0, count: 1000)
    var forms: [ArchivedCSV] = []
    func add(_ name: String, _ format: Archive.Format, _ parts: [[UInt8]]) {
      forms.append(ArchivedCSV(name: name, bytes: parts.flatMap { $0 }, format: format))
    }
    add("gzip", .gzip, [GzipBuilder.member(csv)])
    add("gzip, with a name", .gzip, [GzipBuilder.member(csv, name: "BGMOPEN1.csv")])
    add("gzip, several members", .gzip, [GzipBuilder.member(head), GzipBuilder.member([]), GzipBuilder.member(tail)])
    add("gzip, padded", .gzip, [GzipBuilder.member(csv), padding])
    add("zstd", .zstd, [ZstdBuilder.frame(csv)])
    add("zstd, of unknown size", .zstd, [ZstdBuilder.stream(csv)])
    add(
      "zstd, several frames", .zstd,
      [ZstdBuilder.frame(head), ZstdBuilder.skippable([1, 2, 3]), ZstdBuilder.frame([]), ZstdBuilder.frame(tail)])
    add(
      "zstd, a skippable frame first", .zstd,
      [ZstdBuilder.skippable([]), ZstdBuilder.frame(csv), ZstdBuilder.skippable([7])])
    return forms
  }

  /// Every combination of numbers in fields for zip64.
  private static func zip64Forms(_ file: ZipMemberBuilder, _ stored: ZipMemberBuilder) -> [ArchivedCSV] {
    var forms: [ArchivedCSV] = []
    for number in 0..<8 {
      let end = ZipBuilder([file]).with { $0.zip64 = ZipBuilder.EndFields(rawValue: number) }
      forms.append(.zip("zip64, end \(number)", end))
      for (kind, member) in [("zip64", file), ("stored zip64", stored)] {
        let fields = ZipMemberBuilder.Fields(rawValue: number)
        forms.append(.zip("\(kind), directory \(number)", ZipBuilder([member.with { $0.listed.zip64 = fields }])))
      }
    }
    for (kind, member) in [("zip64", file), ("stored zip64", stored)] {
      let large = member.with {
        $0.local.zip64 = [.bytes, .compressedBytes]
        $0.listed.zip64 = [.bytes, .compressedBytes, .offset]
      }
      forms.append(.zip("\(kind), header", ZipBuilder([large])))
      let all = ZipBuilder([large.with { $0.descriptor = .withSignature }]).with {
        $0.zip64 = [.count, .size, .offset]
      }
      forms.append(.zip("\(kind), everywhere", all))
    }
    return forms
  }
}

/// A spool to fetch archives into.
struct ArchiveFixture {
  let scratch = ScratchFolder()
  var spool: String { scratch.path + "/spool" }

  func fetch(_ location: FetchStage.SourceLocation, chunkSize: Int = 7, bytesMax: Int? = nil) throws -> FetchOutcome {
    var settings = FetchSettings(
      spool: spool, location: location, terms: FetchTerms(chunkSize: chunkSize, limit: nil, sample: false),
      force: false)
    if let bytesMax { settings.bytesMax = bytesMax }
    return try Fetcher.run(settings, log: quietLog)
  }

  func fetch(file bytes: [UInt8], chunkSize: Int = 7, bytesMax: Int? = nil) throws -> FetchOutcome {
    try fetch(.file(path: scratch.write(bytes, to: "source")), chunkSize: chunkSize, bytesMax: bytesMax)
  }

  /// Fetches from a pipe whose writer has already ended: the bytes must fit into the pipe.
  func fetch(stream bytes: [UInt8], chunkSize: Int = 7) throws -> FetchOutcome {
    var ends: [Int32] = [-1, -1]
    let made = pipe(&ends)
    try #require(made == 0)
    defer { close(ends[0]) }
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let written = write(ends[1], bytes, bytes.count)
    close(ends[1])
    try #require(written == bytes.count)
    return try fetch(.descriptor(ends[0]), chunkSize: chunkSize)
  }

  /// Returns all chunks of a snapshot, joined.
  func content(_ folder: SnapshotFolder) throws -> [UInt8] {
    var reader = try ChunkReader()
    var all: [UInt8] = []
    let manifest = try #require(try FetchManifest.read(at: folder.fetchManifest))
    for number in 1...manifest.chunks.count {
      let chunk = try #require(try FetchChunkManifest.read(at: folder.fetchChunkManifest(number)))
      try reader.read(chunk, in: folder) { all += $0 }
    }
    return all
  }

  func snapshots() throws -> [SnapshotID] { try SpoolIndex.snapshots(spool) }
}

/// The files of a folder by their names.
func files(in folder: String) throws -> [String: [UInt8]] {
  var files: [String: [UInt8]] = [:]
  for name in try Folder.names(folder) { files[name] = ScratchFolder.read(folder + "/" + name) }
  return files
}
