import Zlib

/// Unpacks the one file of a zip archive while the archive arrives.
///
/// The archive's directory decides which file that is, and it comes last. The first file is unpacked at once if it is a
/// CSV file, and compared with the directory at the end. If it is not the one, ``finish(_:emit:)`` unpacks the right one
/// from the archive that has arrived.
package struct ZipReader: ~Copyable {
  /// The first bytes, until they hold the first header.
  private var head: [UInt8] = []
  /// Nil before the first header and if the first file is not unpacked at once.
  private var first: MemberUnpacker?
  private var isDecided = false

  mutating func append(_ bytes: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) throws -> Void) throws {
    if isDecided { return try unpackFirst(bytes, emit: emit) }
    head.append(contentsOf: bytes)
    guard head.count >= LocalHeader.fixedBytes else { return }
    let header = LocalHeader(head)
    guard header.map({ head.count >= $0.bytes }) ?? true else { return }
    isDecided = true
    if let header, let member = header.member(head), member.isCSV, !member.isEncrypted {
      first = try MemberUnpacker(member)
      try head.withUnsafeBytes { try unpackFirst(UnsafeRawBufferPointer(rebasing: $0[header.bytes...]), emit: emit) }
    }
    head = []
  }

  private mutating func unpackFirst(
    _ bytes: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard first != nil, first?.isAtEnd == false else { return }
    try first?.append(bytes, emit: emit)
  }

  /// Checks the archive, which has arrived whole, and unpacks what is not unpacked yet.
  ///
  /// - Returns: the name of the file.
  /// - Throws: ``ArchiveError`` if the archive is not acceptable.
  consuming func finish(
    _ archive: ArchiveBytes, emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> String {
    let (member, data) = try ZipDirectory.source(in: archive)
    if let unpacked = first.take() {
      guard member.offset == 0 else {
        throw ArchiveError("it is damaged: its first file is not the one that its directory names")
      }
      try unpacked.require(member)
    } else {
      guard var unpacker = try MemberUnpacker(member) else {
        throw ArchiveError("'\(member.shownName)' cannot be unpacked")
      }
      try archive.forEachBlock(in: data) { block in
        try unpacker.append(block, emit: emit)
        return !unpacker.isAtEnd
      }
      try unpacker.require(member)
    }
    return member.shownName
  }
}

/// Unpacks the data of one file of a zip archive, and checks its sizes and its checksum.
struct MemberUnpacker: ~Copyable {
  /// Nil for a stored file.
  private var inflater: Inflater?
  /// The number of bytes of a stored file.
  private let storedBytes: Int
  private var compressedBytes = 0
  private var bytes = 0
  private var crc = CRC32()
  /// Whether all of the data was unpacked.
  private(set) var isAtEnd = false

  /// - Returns: nil if the end of the data cannot be found without the directory, or if the method is not supported.
  init?(_ member: ZipMember) throws {
    switch member.method {
    case ZipMember.deflated: inflater = try Inflater(.deflate)
    case ZipMember.stored where !member.isDescribedLater || member.compressedBytes > 0: inflater = nil
    default: return nil
    }
    storedBytes = member.compressedBytes
  }

  /// Unpacks bytes; those after the end of the data are ignored.
  mutating func append(_ input: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) throws -> Void) throws {
    var (crc, bytes) = (crc, bytes)
    defer { (self.crc, self.bytes) = (crc, bytes) }
    func pass(_ block: UnsafeRawBufferPointer) throws {
      crc.update(block)
      bytes += block.count
      try emit(block)
    }
    guard inflater == nil else {
      do { compressedBytes += try inflater?.inflate(input, emit: pass) ?? 0 } catch let error as ZlibError {
        throw ArchiveError("it is damaged: \(error)")
      }
      isAtEnd = inflater?.isAtEnd ?? true
      return
    }
    let block = UnsafeRawBufferPointer(rebasing: input.prefix(storedBytes - compressedBytes))
    compressedBytes += block.count
    isAtEnd = compressedBytes == storedBytes
    if !block.isEmpty { try pass(block) }
  }

  /// - Throws: ``ArchiveError`` if the directory describes other data.
  consuming func require(_ member: ZipMember) throws {
    guard isAtEnd, compressedBytes == member.compressedBytes, bytes == member.bytes else {
      throw ArchiveError("it is damaged or cut off: '\(member.shownName)' has not the size that the directory names")
    }
    guard crc.value == member.crc else {
      throw ArchiveError("it is damaged: '\(member.shownName)' has another checksum (CRC-32) than the directory")
    }
  }
}
