import Spool
import Support

/// Why an archive is refused.
package struct ArchiveError: Error, CustomStringConvertible {
  package let description: String
  /// Nil until its caller sets it.
  var format: Archive.Format?

  package init(_ description: String) { self.description = description }

  func failure(_ source: String) -> Failure {
    Failure(
      .data, "the source is refused: the \(format.map { "\($0) " } ?? "")archive \(source): \(description)",
      hint: "check the source; the registry stays as it is")
  }
}

/// An archive that has arrived whole, for reading at any offset.
package struct ArchiveBytes {
  package let count: Int
  /// Fills a buffer with the bytes at an offset.
  private let read: (UnsafeMutableRawBufferPointer, Int) throws -> Void

  package init(count: Int, read: @escaping (UnsafeMutableRawBufferPointer, Int) throws -> Void) {
    self.count = count
    self.read = read
  }

  /// - Throws: ``ArchiveError`` if the archive has fewer bytes there.
  func bytes(_ count: Int, at offset: Int) throws -> [UInt8] {
    guard offset >= 0, count >= 0, count <= self.count - offset else {
      throw ArchiveError("it is damaged or cut off: it ends before byte \(offset)")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try read($0, offset) }
    return bytes
  }

  /// Passes the bytes of a range to `body`, block by block, until `body` returns false.
  func forEachBlock(in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
    var offset = range.lowerBound
    var more = true
    while more, offset < range.upperBound {
      let block = try bytes(min(1 << 18, range.upperBound - offset), at: offset)
      more = try block.withUnsafeBytes { try body($0) }
      offset += block.count
    }
  }
}

/// A file in a zip archive, as the archive's directory describes it (PKWARE APPNOTE 6.3.10, 4.3.12).
struct ZipMember: Equatable {
  /// The name as stored: UTF-8 or any other encoding.
  var name: [UInt8]
  var flags: Int
  var method: Int
  var crc: UInt32
  var compressedBytes: Int
  var bytes: Int
  /// Offset of its local header.
  var offset: Int

  static let stored = 0
  static let deflated = 8

  var isEncrypted: Bool { flags & 1 != 0 }
  /// Whether the local header lacks checksum and sizes, which then follow the data.
  var isDescribedLater: Bool { flags & 8 != 0 }
  /// Whether it is neither a folder nor a file of attributes, which macOS adds for each file: `__MACOSX/._NAME`.
  var isFile: Bool { name.last != UInt8(ascii: "/") && !name.starts(with: "__MACOSX/".utf8) }
  var isCSV: Bool { isFile && String(decoding: name.suffix(4), as: UTF8.self).lowercased() == ".csv" }

  /// The name for messages and the manifest.
  var shownName: String {
    let text = String(decoding: name.prefix(255), as: UTF8.self)
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }))
  }
}

/// The directory at the end of a zip archive. It decides what the archive contains.
enum ZipDirectory {
  /// Bytes. A directory of this size has more than 100,000 files.
  static let bytesMax = 16 << 20

  /// Finds the one file to unpack: the only one, or the only one whose name ends in `.csv`.
  ///
  /// - Throws: ``ArchiveError`` if there is none or several, or if the archive is damaged or the file cannot be unpacked.
  static func source(in archive: ArchiveBytes) throws -> (member: ZipMember, data: Range<Int>) {
    let (members, end) = try read(archive)
    let files = members.filter(\.isFile)
    let candidates = files.count == 1 ? files : files.filter(\.isCSV)
    guard let member = candidates.first else {
      throw ArchiveError(files.isEmpty ? "it has no file" : "none of its \(files.count) files is a .csv file")
    }
    guard candidates.count == 1 else {
      let names = candidates.prefix(3).map { "'\($0.shownName)'" }.joined(separator: ", ")
      throw ArchiveError("it has \(candidates.count) .csv files: \(names)\(candidates.count > 3 ? ", …" : "")")
    }
    guard !member.isEncrypted else { throw ArchiveError("'\(member.shownName)' is encrypted") }
    guard [ZipMember.stored, ZipMember.deflated].contains(member.method) else {
      throw ArchiveError(
        "'\(member.shownName)' is compressed with \(methodName(member.method)); only deflate is supported")
    }
    return (member, try data(of: member, among: members, in: archive, until: end))
  }

  /// Returns where the data of a file is, and checks the header before it against the directory.
  private static func data(
    of member: ZipMember, among members: [ZipMember], in archive: ArchiveBytes, until end: Int
  ) throws -> Range<Int> {
    let fixed = try archive.bytes(LocalHeader.fixedBytes, at: member.offset)
    guard let header = LocalHeader(fixed),
      let local = header.member(try archive.bytes(header.bytes, at: member.offset))
    else { throw ArchiveError("it is damaged: there is no file at byte \(member.offset)") }
    var expected = member
    expected.offset = 0
    if local.isDescribedLater {
      (expected.crc, expected.compressedBytes, expected.bytes) = (local.crc, local.compressedBytes, local.bytes)
    }
    // The other flags tell how hard the compressor tried, and how the name is encoded.
    (expected.flags, expected.method) = (local.flags & ~0b1001 | member.flags & 0b1001, member.method)
    guard local == expected else {
      throw ArchiveError("it is damaged: '\(member.shownName)' differs between its header and the directory")
    }
    let start = member.offset + header.bytes
    let next = members.map(\.offset).filter { $0 > member.offset }.min() ?? end
    guard member.compressedBytes <= min(next, end) - start,
      members.count(where: { $0.offset == member.offset }) == 1,
      !members.contains(where: {
        $0.offset < member.offset
          && $0.compressedBytes > member.offset - $0.offset - LocalHeader.fixedBytes - $0.name.count
      })
    else { throw ArchiveError("it is damaged: its files overlap") }
    return start..<(start + member.compressedBytes)
  }

  /// Reads the directory.
  ///
  /// - Returns: its entries, and the offset at which it begins.
  private static func read(_ archive: ArchiveBytes) throws -> (members: [ZipMember], start: Int) {
    let (count, start, size) = try place(archive)
    guard size <= bytesMax else { throw ArchiveError("its directory has \(size) bytes, more than \(bytesMax)") }
    let bytes = LittleEndian(try archive.bytes(size, at: start))
    var members: [ZipMember] = []
    var next = 0
    while members.count < count {
      guard bytes[next, 4] == 0x0201_4b50, let flags = bytes[next + 8, 2], let method = bytes[next + 10, 2],
        let crc = bytes[next + 16, 4], let compressed = bytes[next + 20, 4], let size = bytes[next + 24, 4],
        let nameBytes = bytes[next + 28, 2], let extraBytes = bytes[next + 30, 2],
        let commentBytes = bytes[next + 32, 2],
        let offset = bytes[next + 42, 4], let name = bytes.slice(next + 46, nameBytes),
        let extra = bytes.slice(next + 46 + nameBytes, extraBytes)
      else { throw ArchiveError("it is damaged: entry \(members.count + 1) of its directory is not valid") }
      var member = ZipMember(
        name: name, flags: flags, method: method, crc: UInt32(crc), compressedBytes: compressed, bytes: size,
        offset: offset)
      guard member.readZip64(extra, offset: true), member.offset <= start - LocalHeader.fixedBytes else {
        throw ArchiveError("it is damaged: '\(member.shownName)' has an impossible size or place")
      }
      members.append(member)
      next += 46 + nameBytes + extraBytes + commentBytes
    }
    // Other readers would find further files in the bytes that follow.
    guard next == size else { throw ArchiveError("it is damaged: its directory does not end after its last entry") }
    return (members, start)
  }

  /// Finds the directory by the record at the archive's end (4.3.14 to 4.3.16).
  private static func place(_ archive: ArchiveBytes) throws -> (count: Int, start: Int, size: Int) {
    let tail = min(archive.count, 22 + 0xFFFF)
    let bytes = LittleEndian(try archive.bytes(tail, at: archive.count - tail))
    // A comment follows the record, and may contain the record's signature.
    guard tail >= 22,
      let end = (0...(tail - 22)).reversed().first(where: {
        bytes[$0, 4] == 0x0605_4b50 && bytes[$0 + 20, 2] == tail - $0 - 22
      })
    else { throw ArchiveError("it is damaged or cut off: it does not end with a directory") }
    var limit = archive.count - tail + end
    guard let disk = bytes[end + 4, 4], var count = bytes[end + 10, 2], var size = bytes[end + 12, 4],
      var start = bytes[end + 16, 4]
    else { throw ArchiveError("it is damaged: its end is not valid") }
    guard disk == 0 || disk == 0xFFFF_FFFF else { throw ArchiveError("it is one part of a split archive") }
    // Some programs write the record for zip64 also if no field needs it.
    if limit >= 20, case let locator = LittleEndian(try archive.bytes(20, at: limit - 20)), locator[0, 4] == 0x0706_4b50
    {
      guard let place = locator[8, 8], place <= limit - 76,
        case let record = LittleEndian(try archive.bytes(56, at: place)), record[0, 4] == 0x0606_4b50,
        record[4, 8] == limit - 32 - place, let count64 = record[32, 8], let size64 = record[40, 8],
        let start64 = record[48, 8], count == 0xFFFF || count == count64, size == 0xFFFF_FFFF || size == size64,
        start == 0xFFFF_FFFF || start == start64
      else { throw ArchiveError("it is damaged: its zip64 end is not valid") }
      (count, size, start, limit) = (count64, size64, start64, place)
    }
    // Another archive may precede, or follow, the one that the end describes.
    guard start <= limit, size == limit - start, count <= size / 46 else {
      throw ArchiveError("it is damaged or cut off: its directory is not where its end says")
    }
    return (count, start, size)
  }

  private static func methodName(_ method: Int) -> String {
    switch method {
    case 9: "Deflate64"
    case 12: "bzip2"
    case 14: "LZMA"
    case 93: "Zstandard"
    case 95: "XZ"
    case 98: "PPMd"
    case 99: "AES encryption"
    default: "method \(method)"
    }
  }
}

/// The header before the data of a file (4.3.7).
struct LocalHeader {
  static let fixedBytes = 30

  private let nameBytes: Int
  private let extraBytes: Int
  /// Its size with name and extra fields.
  var bytes: Int { Self.fixedBytes + nameBytes + extraBytes }

  /// - Parameter bytes: at least the fixed part.
  /// - Returns: nil if it is no header.
  init?(_ bytes: [UInt8]) {
    let fields = LittleEndian(bytes)
    guard fields[0, 4] == 0x0403_4b50, let name = fields[26, 2], let extra = fields[28, 2] else { return nil }
    (nameBytes, extraBytes) = (name, extra)
  }

  /// Reads the whole header.
  ///
  /// - Returns: the file, as if its header were at offset 0; nil if the header is not valid.
  func member(_ bytes: [UInt8]) -> ZipMember? {
    let fields = LittleEndian(bytes)
    guard let flags = fields[6, 2], let method = fields[8, 2], let crc = fields[14, 4], let compressed = fields[18, 4],
      let size = fields[22, 4], let name = fields.slice(Self.fixedBytes, nameBytes),
      let extra = fields.slice(Self.fixedBytes + nameBytes, extraBytes)
    else { return nil }
    var member = ZipMember(
      name: name, flags: flags, method: method, crc: UInt32(crc), compressedBytes: compressed, bytes: size, offset: 0)
    return member.readZip64(extra, offset: false) || member.isDescribedLater ? member : nil
  }
}

extension ZipMember {
  /// Replaces sizes of 0xFFFFFFFF by those of the extra field for zip64 (4.5.3).
  ///
  /// - Returns: false if one is missing.
  fileprivate mutating func readZip64(_ extra: [UInt8], offset hasOffset: Bool) -> Bool {
    let saturated = 0xFFFF_FFFF
    guard bytes == saturated || compressedBytes == saturated || hasOffset && offset == saturated else { return true }
    let fields = LittleEndian(extra)
    var next = 0
    while let id = fields[next, 2], let size = fields[next + 2, 2] {
      guard id == 1, let content = fields.slice(next + 4, size) else {
        next += 4 + size
        continue
      }
      let values = LittleEndian(content)
      var place = 0
      func take(_ value: inout Int) -> Bool {
        guard value == saturated else { return true }
        guard let large = values[place, 8] else { return false }
        value = large
        place += 8
        return true
      }
      return take(&bytes) && take(&compressedBytes) && (!hasOffset || take(&offset))
    }
    // A file of exactly this size needs no extra field.
    return true
  }
}

/// Numbers in bytes, the lowest byte first.
private struct LittleEndian {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The number at an offset; nil if the bytes end before, or if it is larger than an `Int`.
  subscript(offset: Int, count: Int) -> Int? {
    guard offset >= 0, count <= bytes.count, offset <= bytes.count - count else { return nil }
    let value = bytes[offset..<(offset + count)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(exactly: value)
  }

  func slice(_ offset: Int, _ count: Int) -> [UInt8]? {
    guard offset >= 0, count <= bytes.count, offset <= bytes.count - count else { return nil }
    return Array(bytes[offset..<(offset + count)])
  }
}
