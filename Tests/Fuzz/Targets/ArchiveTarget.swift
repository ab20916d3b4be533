import ArchiveBuilder
import FetchStage
import MalformedInputs
import SeededRandom
import Spool
import Support

/// Unpacks an archive whole and in pieces: both give the same content, which a checksum or another reader confirms.
public struct ArchiveTarget: FuzzTarget {
  public static let name = "archive"
  public static let share = 3

  public init() {}

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    var archive: [UInt8]
    switch random.below(4) {
    case 0: archive = (0...random.below(3)).flatMap { _ in GzipBuilder.member(Self.content(&random)) }
    case 1: archive = Self.zstd(&random)
    default: archive = Self.zip(&random).bytes
    }
    if random.onceIn(6) { archive += [UInt8](repeating: 0, count: random.below(9)) }
    switch random.below(4) {
    case 0: spoil(&archive, from: 0, times: 1 + random.below(2), &random)
    case 1:
      for _ in 0...random.below(3) where !archive.isEmpty {
        archive[random.below(archive.count)] ^= 1 << UInt8(random.below(8))
      }
    case 2: archive.removeLast(min(archive.count, random.below(40)))
    default: break
    }
    return [UInt8(random.below(256)), UInt8(random.below(256))] + archive
  }

  private static func content(_ random: inout SeededRandom) -> [UInt8] {
    let count = random.below(300)
    guard random.onceIn(2) else { return (0..<count).map { UInt8(65 + $0 % 7) } }
    return (0..<count).map { _ in UInt8(random.below(256)) }
  }

  private static func zstd(_ random: inout SeededRandom) -> [UInt8] {
    var archive: [UInt8] = []
    for _ in 0...random.below(3) {
      switch random.below(3) {
      case 0: archive += ZstdBuilder.skippable(content(&random))
      case 1: archive += ZstdBuilder.stream(content(&random))
      default: archive += ZstdBuilder.frame(content(&random))
      }
    }
    return archive
  }

  private static func zip(_ random: inout SeededRandom) -> ZipBuilder {
    var zip = ZipBuilder()
    for _ in 0...random.below(3) {
      let name = random.pick(["a.csv", "b.CSV", "readme", "data/", "__MACOSX/._a.csv"])
      var member = ZipMemberBuilder(name, content(&random), deflated: random.onceIn(2))
      if random.onceIn(3) { member.descriptor = random.pick(ZipMemberBuilder.Descriptor.allCases) }
      if random.onceIn(3) { member.local.zip64 = [.bytes, .compressedBytes] }
      member.listed.zip64 = random.onceIn(3) ? ZipMemberBuilder.Fields(rawValue: random.below(8)) : []
      if random.onceIn(6) { member.comment = content(&random) }
      if random.onceIn(8) { contradict(&member, &random) }
      zip.members.append(member)
    }
    if random.onceIn(3) { zip.zip64 = ZipBuilder.EndFields(rawValue: random.below(8)) }
    if random.onceIn(6) { zip.comment = content(&random) }
    if random.onceIn(10) { zip.gap = content(&random) }
    if random.onceIn(10) { zip.count = random.below(5) }
    return zip
  }

  /// Changes a number, in one header or both.
  private static func contradict(_ member: inout ZipMemberBuilder, _ random: inout SeededRandom) {
    let number = random.pick([0, 1, 20, 0xFFFF, 0xFFFF_FFFE, 0xFFFF_FFFF, Int.max - 30, Int.max, Int.min, -1])
    var header = member.listed
    switch random.below(6) {
    case 0: header.bytes = number
    case 1: header.compressedBytes = number
    case 2: header.crc = UInt32(truncatingIfNeeded: number)
    case 3: header.method = number & 0xFFFF
    case 4: header.flags = number & 0xFFFF
    default: member.offset = number
    }
    member.listed = header
    if random.onceIn(2) { member.local = header }
    member.isListed = !random.onceIn(6)
  }

  public func difference(_ input: [UInt8]) throws -> String? {
    var choices = Choices(input)
    let pieces = [1 + choices.below(64), 1 + choices.below(7)]
    let archive = Array(choices.rest)
    guard let format = Archive.Format(signature: archive) else { return nil }
    let whole = try Self.read(archive, format, [archive.count])
    let parted = try Self.read(archive, format, pieces)
    // libzstd reads a small frame that it has whole without the window that the frame asks for.
    if [whole, parted].contains(where: \.isLimit) { return nil }
    switch (whole, parted) {
    case (.accepted(let content, let member), .accepted(let other, let otherMember)):
      guard content == other, member == otherMember else { return "whole and in pieces, the content differs" }
      return try Self.unconfirmed(content, of: archive, format)
    case (.refused(let why), .refused):
      // The other reader accepts what zlib accepts.
      guard format == .gzip, GzipBuilder.unpack(archive, limit: 1 << 16) != nil else { return nil }
      return "refused, but valid: \(why)"
    default: return "whole: \(whole), in pieces: \(parted)"
    }
  }

  /// - Returns: what is wrong with accepted content; nil if it is confirmed.
  private static func unconfirmed(_ content: [UInt8], of archive: [UInt8], _ format: Archive.Format) throws -> String? {
    switch format {
    case .gzip:
      return GzipBuilder.unpack(archive, limit: content.count) == content ? nil : "not what zlib unpacks at once"
    case .zstd:
      return try ZstdBuilder.unpack(archive, limit: content.count + 1) == content
        ? nil : "not what libzstd unpacks at once"
    case .zip: return isListed(content, in: archive) ? nil : "no entry of the directory has this checksum and size"
    }
  }

  /// Whether bytes that look like an entry of a zip archive's directory give the content's checksum and size.
  private static func isListed(_ content: [UInt8], in archive: [UInt8]) -> Bool {
    let crc = crc32(of: content)
    func number(_ offset: Int) -> UInt32 {
      archive[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    guard archive.count >= 46 else { return false }
    return (0...archive.count - 46).contains { start in
      guard number(start) == 0x0201_4b50, number(start + 16) == crc else { return false }
      return number(start + 24) == UInt32(content.count) || number(start + 24) == .max
    }
  }

  private enum Outcome: CustomStringConvertible {
    case accepted([UInt8], member: String?)
    case refused(String)
    /// The content, or the memory that it needs, is larger than a limit.
    case limit

    var isLimit: Bool { if case .limit = self { true } else { false } }

    var description: String {
      switch self {
      case .accepted(let content, let member): "\(content.count) bytes of \(member ?? "a stream")"
      case .refused(let why): why
      case .limit: "a limit"
      }
    }
  }

  private struct TooLarge: Error {}

  /// Reads an archive in pieces of alternating sizes.
  private static func read(_ archive: [UInt8], _ format: Archive.Format, _ pieces: [Int]) throws -> Outcome {
    var content: [UInt8] = []
    func append(_ block: UnsafeRawBufferPointer) throws {
      content += block
      guard content.count <= 4 << 20 else { throw TooLarge() }
    }
    let bytes = ArchiveBytes(count: archive.count) { buffer, offset in
      archive.withUnsafeBytes { archive in
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: archive[offset..<offset + buffer.count]))
      }
    }
    do {
      let member = try archive.withUnsafeBytes { archive -> String? in
        var reader = try ArchiveReader(format)
        var (start, turn) = (0, 0)
        while start < archive.count {
          let end = min(archive.count, start + pieces[turn % pieces.count])
          reader = try reader.appending(UnsafeRawBufferPointer(rebasing: archive[start..<end]), emit: append)
          (start, turn) = (end, turn + 1)
        }
        return try reader.finish(bytes, emit: append)
      }
      return .accepted(content, member: member)
    } catch let error as ArchiveError {
      return error.description.contains("memory") ? .limit : .refused(error.description)
    } catch is TooLarge { return .limit }
  }
}
