import Digest
import Failures

/// A durable file that knows its size, its SHA-256 and its records while it is written, in blocks.
public struct HashedFile: ~Copyable {
  private var file: DurableFile
  private var hash = SHA256()
  private var block: [UInt8]
  private var filled = 0
  private var bytes = 0

  public init(_ path: String, blockBytes: Int = 1 << 18) throws(Failure) {
    file = try DurableFile(path)
    block = [UInt8](repeating: 0, count: blockBytes)
  }

  public mutating func append(_ data: UnsafeRawBufferPointer) throws {
    var rest = data
    while !rest.isEmpty {
      let count = min(rest.count, block.count - filled)
      let part = UnsafeRawBufferPointer(rebasing: rest[..<count])
      block.withUnsafeMutableBytes { $0[filled..<filled + count].copyBytes(from: part) }
      filled += count
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      if filled == block.count { try flush() }
    }
  }

  /// Makes it durable and visible; the name is durable after ``Folder/sync(_:)``.
  ///
  /// - Parameter records: rows or lines, as the caller counted them.
  public consuming func seal(records: Int) throws -> FileEntry {
    try flush()
    let entry = FileEntry(name: Folder.name(of: file.path), bytes: bytes, sha256: hash.finish(), records: records)
    try file.seal()
    return entry
  }

  private mutating func flush() throws {
    try block.withUnsafeBytes { buffer in
      let data = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
      hash.update(data)
      try file.write(data)
    }
    bytes += filled
    filled = 0
  }
}
