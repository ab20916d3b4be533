import Spool
import Zstd

extension Archive.Format {
  /// The number of bytes that decide.
  static let signatureBytes = 4

  /// The number of bytes that also show whether there is a checksum.
  static let headBytes = 5

  /// Whether the content has a checksum. In zstd it is optional (RFC 8878, 3.1.1.1.1).
  func hasChecksum(head: [UInt8]) -> Bool {
    self != .zstd || head[0] == 0x28 && head[4] & 0b100 != 0
  }

  /// Recognises an archive by its first bytes.
  package init?(signature: some Collection<UInt8>) {
    switch Array(signature.prefix(Self.signatureBytes)) {
    // A file's header, the end of an empty archive, and the mark of a split one.
    case [0x50, 0x4b, 3, 4], [0x50, 0x4b, 5, 6], [0x50, 0x4b, 7, 8]: self = .zip
    case let bytes where bytes.starts(with: [0x1f, 0x8b, 8]): self = .gzip
    // A frame, and the skippable ones (RFC 8878, 3.1).
    case [0x28, 0xb5, 0x2f, 0xfd]: self = .zstd
    case let bytes where bytes.count == 4 && bytes[0] & 0xf0 == 0x50 && bytes[1...] == [0x2a, 0x4d, 0x18]: self = .zstd
    default: return nil
    }
  }
}

/// Unpacks an archive while it arrives. Its memory does not depend on the archive's content.
package enum ArchiveReader: ~Copyable {
  case zip(ZipReader)
  case gzip(GzipReader)
  case zstd(StreamDecompressor)

  package init(_ format: Archive.Format) throws {
    switch format {
    case .zip: self = .zip(ZipReader())
    case .gzip: self = .gzip(try GzipReader())
    case .zstd: self = .zstd(try StreamDecompressor())
    }
  }

  /// - Parameter emit: gets the content block by block; a block is valid only during the call.
  /// - Throws: ``ArchiveError`` if the archive is not acceptable, and the errors of `emit`.
  package consuming func appending(
    _ bytes: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> ArchiveReader {
    switch consume self {
    case .zip(var reader):
      try reader.append(bytes, emit: emit)
      return .zip(reader)
    case .gzip(var reader):
      try reader.append(bytes, emit: emit)
      return .gzip(reader)
    case .zstd(var reader):
      do { try reader.decompress(bytes, emit: emit) } catch let error as ZstdError {
        throw ArchiveError("it is damaged: \(error)")
      }
      return .zstd(reader)
    }
  }

  /// Checks the end of the archive, which has arrived whole.
  ///
  /// - Returns: the name of the file in a zip archive.
  package consuming func finish(
    _ archive: ArchiveBytes, emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> String? {
    switch consume self {
    case .zip(let reader): return try reader.finish(archive, emit: emit)
    case .gzip(let reader):
      try reader.finish()
      return nil
    case .zstd(let reader):
      guard reader.isAtEnd else { throw ArchiveError("it is cut off") }
      return nil
    }
  }
}
