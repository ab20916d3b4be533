import Zlib

/// Unpacks a gzip file, all its members, while it arrives. zlib checks each member's size and checksum.
package struct GzipReader: ~Copyable {
  private var inflater: Inflater
  /// Whether the bytes after the last member are padding.
  private var isPadding = false

  init() throws { inflater = try Inflater(.gzip) }

  mutating func append(_ bytes: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) throws -> Void) throws {
    var rest = bytes
    while !rest.isEmpty {
      if inflater.isAtEnd {
        // Tapes and some devices pad with zero bytes, which begin no member.
        isPadding = isPadding || rest[0] == 0
        guard !isPadding else {
          guard rest.allSatisfy({ $0 == 0 }) else { throw ArchiveError("it is damaged: bytes follow its last member") }
          return
        }
        inflater.restart()
      }
      do {
        let count = try inflater.inflate(rest, emit: emit)
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } catch let error as ZlibError { throw ArchiveError("it is damaged: \(error)") }
    }
  }

  consuming func finish() throws {
    guard inflater.isAtEnd else { throw ArchiveError("it is cut off") }
  }
}
