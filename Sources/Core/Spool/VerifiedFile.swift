import Digest
import Glibc
import Support

/// A file that a manifest describes, verified against its entry while it is read: size, SHA-256 and number of lines.
///
/// The bytes that `body` gets are verified only when the call returns. Do not commit anything made from them before.
public struct VerifiedFile {
  public let path: String
  public let entry: FileEntry
  /// A hint with the command that makes the file again.
  let redo: Hint

  public init(path: String, entry: FileEntry, redo: Hint) {
    self.path = path
    self.entry = entry
    self.redo = redo
  }

  private static let blockBytes = 1 << 18
  /// Maximum size of a line: a finding holds at most 64 KiB of a record, six times as long if all of it is escaped.
  private static let lineBytesMax = 1 << 20

  /// Passes the whole file to `body`, block by block.
  public func readBlocks(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    guard let file = try OpenFile(path) else { throw damaged("it is missing") }
    let size = try file.size()
    guard size == entry.bytes else { throw damaged("it has \(size) bytes instead of \(entry.bytes)") }
    var hash = SHA256()
    var bytes = 0
    var lines = 0
    var last: UInt8 = 0x0A
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.blockBytes, alignment: 16)
    defer { block.deallocate() }
    while true {
      let count = try file.read(into: block)
      if count == 0 { break }
      bytes += count
      guard bytes <= entry.bytes else { throw damaged("it grew while it was read") }
      let part = UnsafeRawBufferPointer(rebasing: block[..<count])
      hash.update(part)
      lines += LineFeeds.count(part)
      last = part[count - 1]
      try body(part)
    }
    let digest = hash.finish()
    guard bytes == entry.bytes, digest == entry.sha256 else {
      throw damaged("its SHA-256 is \(digest) instead of \(entry.sha256)")
    }
    guard last == 0x0A, lines == entry.records else {
      throw damaged("it has \(lines) lines instead of \(entry.records)")
    }
  }

  /// Passes the file to `body` line by line, each with its line feed.
  public func readLines(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    // The beginning of a line that the end of a block has cut.
    var carry: [UInt8] = []
    try readBlocks { block in
      var rest = block
      while let base = rest.baseAddress, let found = memchr(base, 0x0A, rest.count) {
        let count = UnsafeRawPointer(found) - base + 1
        let line = UnsafeRawBufferPointer(rebasing: rest[..<count])
        if carry.isEmpty {
          try body(line)
        } else {
          carry.append(contentsOf: line)
          try carry.withUnsafeBytes(body)
          carry.removeAll(keepingCapacity: true)
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
      carry.append(contentsOf: rest)
      guard carry.count <= Self.lineBytesMax else {
        throw damaged("it has a line of more than \(Self.lineBytesMax) bytes")
      }
    }
  }

  /// Verifies the file.
  ///
  /// - Throws: category `data` if it differs from its manifest.
  public func check() throws { try readBlocks { _ in } }

  public func damaged(_ why: String) -> Failure { Failure(.data, "'\(path)' is damaged: \(why)", hint: redo) }
}
