/// Builds zip archives (PKWARE APPNOTE 6.3.10), correct ones and wrong ones.
public struct ZipBuilder: Sendable {
  /// Numbers of the record at the end that its zip64 form gives instead.
  public struct EndFields: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let count = EndFields(rawValue: 1)
    public static let size = EndFields(rawValue: 2)
    public static let offset = EndFields(rawValue: 4)
  }

  public var members: [ZipMemberBuilder]
  public var comment: [UInt8] = []
  /// Bytes between the files and the directory.
  public var gap: [UInt8] = []
  /// Nil for an archive without records for zip64 at its end.
  public var zip64: EndFields?
  /// The number of the part with the end.
  public var disk = 0
  /// The number of entries that the end gives, if it is not that of the directory.
  public var count: Int?

  public init(_ members: [ZipMemberBuilder] = []) { self.members = members }

  /// Returns a changed copy.
  public func with(_ change: (inout ZipBuilder) -> Void) -> ZipBuilder {
    var copy = self
    change(&copy)
    return copy
  }

  public var bytes: [UInt8] {
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      let offset = archive.count
      if member.isWritten { archive += member.record }
      if member.isListed { directory += member.entry(at: offset) }
    }
    archive += gap
    let start = archive.count
    archive += directory
    return archive + end(count: count ?? members.count(where: \.isListed), start: start, size: directory.count)
  }

  private func end(count: Int, start: Int, size: Int) -> [UInt8] {
    var end: [UInt8] = []
    if zip64 != nil {
      end.append(number: 0x0606_4b50, bytes: 4)
      end.append(number: 44, bytes: 8)
      end += [45, 3, 45, 0]
      end.append(number: disk, bytes: 4)
      end.append(number: disk, bytes: 4)
      end.append(number: count, bytes: 8)
      end.append(number: count, bytes: 8)
      end.append(number: size, bytes: 8)
      end.append(number: start, bytes: 8)
      end.append(number: 0x0706_4b50, bytes: 4)
      end.append(number: disk, bytes: 4)
      end.append(number: start + size, bytes: 8)
      end.append(number: disk + 1, bytes: 4)
    }
    let large = zip64 ?? []
    end.append(number: 0x0605_4b50, bytes: 4)
    end.append(number: disk, bytes: 2)
    end.append(number: disk, bytes: 2)
    for _ in 0..<2 { end.append(number: large.contains(.count) ? 0xFFFF : count, bytes: 2) }
    end.append(number: large.contains(.size) ? 0xFFFF_FFFF : size, bytes: 4)
    end.append(number: large.contains(.offset) ? 0xFFFF_FFFF : start, bytes: 4)
    end.append(number: comment.count, bytes: 2)
    return end + comment
  }
}

/// A file or folder in a zip archive.
public struct ZipMemberBuilder: Sendable {
  /// Numbers that an extra field for zip64 gives instead.
  public struct Fields: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let bytes = Fields(rawValue: 1)
    public static let compressedBytes = Fields(rawValue: 2)
    public static let offset = Fields(rawValue: 4)
  }

  /// The record after the data of a file whose header lacks checksum and sizes.
  public enum Descriptor: Sendable, CaseIterable { case withSignature, withoutSignature }

  /// What a header says about the file.
  public struct Header: Sendable {
    public var name: [UInt8]
    public var flags = 0
    public var method: Int
    public var crc: UInt32
    public var compressedBytes: Int
    public var bytes: Int
    public var zip64: Fields = []
    /// Another extra field, complete.
    public var extra: [UInt8] = []

    /// Returns the numbers from the version up to the sizes, and the extra fields.
    ///
    /// - Parameter offset: only in the directory.
    fileprivate func fields(offset: Int?) -> (numbers: [UInt8], extra: [UInt8]) {
      var numbers: [UInt8] = []
      var large: [UInt8] = []
      numbers.append(number: zip64.isEmpty ? 20 : 45, bytes: 2)
      numbers.append(number: flags, bytes: 2)
      numbers.append(number: method, bytes: 2)
      // 1 September 2026, 00:00.
      numbers.append(number: 0, bytes: 2)
      numbers.append(number: 46 << 9 | 9 << 5 | 1, bytes: 2)
      numbers.append(number: Int(crc), bytes: 4)
      numbers.append(number: zip64.contains(.compressedBytes) ? 0xFFFF_FFFF : compressedBytes, bytes: 4)
      numbers.append(number: zip64.contains(.bytes) ? 0xFFFF_FFFF : bytes, bytes: 4)
      // In the extra field, the size of the content comes first.
      if zip64.contains(.bytes) { large.append(number: bytes, bytes: 8) }
      if zip64.contains(.compressedBytes) { large.append(number: compressedBytes, bytes: 8) }
      if let offset, zip64.contains(.offset) { large.append(number: offset, bytes: 8) }
      var extra = self.extra
      if !large.isEmpty {
        extra.append(number: 1, bytes: 2)
        extra.append(number: large.count, bytes: 2)
        extra += large
      }
      return (numbers, extra)
    }
  }

  /// The data as stored.
  public var data: [UInt8]
  /// The header before the data.
  public var local: Header
  /// The entry of the directory.
  public var listed: Header
  public var comment: [UInt8] = []
  public var descriptor: Descriptor?
  /// The offset that the directory gives, if it is not that of the header.
  public var offset: Int?
  /// Whether header and data are in the archive.
  public var isWritten = true
  /// Whether the directory has an entry for it.
  public var isListed = true

  /// A deflated file, or a stored one.
  public init(_ name: [UInt8], _ content: [UInt8], deflated: Bool = true) {
    data = deflated ? Deflate.compress(content) : content
    local = Header(
      name: name, method: deflated ? 8 : 0, crc: crc32(of: content), compressedBytes: data.count, bytes: content.count)
    listed = local
  }

  public init(_ name: String, _ content: [UInt8], deflated: Bool = true) {
    self.init(Array(name.utf8), content, deflated: deflated)
  }

  /// A folder, whose name ends with a slash.
  public static func folder(_ name: String) -> ZipMemberBuilder { ZipMemberBuilder(name, [], deflated: false) }

  /// Returns a changed copy.
  public func with(_ change: (inout ZipMemberBuilder) -> Void) -> ZipMemberBuilder {
    var copy = self
    change(&copy)
    return copy
  }

  /// Changes both headers.
  public mutating func setBoth(_ change: (inout Header) -> Void) {
    change(&local)
    change(&listed)
  }

  /// Header, data and descriptor.
  public var record: [UInt8] {
    var header = local
    if descriptor != nil {
      header.flags |= 8
      (header.crc, header.compressedBytes, header.bytes) = (0, 0, 0)
    }
    let (numbers, extra) = header.fields(offset: nil)
    var record: [UInt8] = []
    record.append(number: 0x0403_4b50, bytes: 4)
    record += numbers
    record.append(number: header.name.count, bytes: 2)
    record.append(number: extra.count, bytes: 2)
    record += header.name + extra + data
    guard let descriptor else { return record }
    if descriptor == .withSignature { record.append(number: 0x0807_4b50, bytes: 4) }
    record.append(number: Int(local.crc), bytes: 4)
    record.append(number: local.compressedBytes, bytes: local.zip64.isEmpty ? 4 : 8)
    record.append(number: local.bytes, bytes: local.zip64.isEmpty ? 4 : 8)
    return record
  }

  fileprivate func entry(at actual: Int) -> [UInt8] {
    let offset = offset ?? actual
    var header = listed
    if descriptor != nil { header.flags |= 8 }
    let (numbers, extra) = header.fields(offset: offset)
    var entry: [UInt8] = []
    entry.append(number: 0x0201_4b50, bytes: 4)
    // Made by version 4.5 on Unix.
    entry += [45, 3]
    entry += numbers
    entry.append(number: header.name.count, bytes: 2)
    entry.append(number: extra.count, bytes: 2)
    entry.append(number: comment.count, bytes: 2)
    // The number of the part, and attributes.
    entry += [UInt8](repeating: 0, count: 8)
    entry.append(number: header.zip64.contains(.offset) ? 0xFFFF_FFFF : offset, bytes: 4)
    return entry + header.name + extra + comment
  }
}
