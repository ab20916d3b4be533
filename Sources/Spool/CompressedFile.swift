import Digest
import Failures
import Zstd

/// Writes one compressed file after another: each compressed as its bytes come, and hashed before.
public struct CompressedFile: ~Copyable {
  private var compressor: Compressor
  private var hash = SHA256()
  private var file: DurableFile?
  private var name = ""
  private var compressedBytes = 0
  /// Uncompressed bytes so far.
  public private(set) var bytes = 0

  public init() throws {
    // Level 1: a third slower levels save a tenth of the size, and the spool is not the archive.
    compressor = try Compressor(level: 1)
  }

  public mutating func append(_ data: UnsafeRawBufferPointer, to path: @autoclosure () -> String) throws {
    if file == nil {
      let path = path()
      name = Folder.name(of: path)
      file = try DurableFile(path)
    }
    hash.update(data)
    bytes += data.count
    try compressor.compress(data) { piece in
      compressedBytes += piece.count
      try file?.write(piece)
    }
  }

  /// Ends the file's content and describes it; then it is either kept or dropped.
  public mutating func describe(records: Int) throws -> FileEntry {
    try compressor.finish { piece in
      compressedBytes += piece.count
      try file?.write(piece)
    }
    return FileEntry(
      name: name, bytes: bytes, compressedBytes: compressedBytes, sha256: hash.finish(), records: records)
  }

  /// Makes the file durable and visible under its name.
  public mutating func keep() throws {
    if let file = file.take() { try file.seal() }
    drop()
  }

  /// Leaves nothing of the file; the next `append` begins another.
  public mutating func drop() {
    file = nil
    bytes = 0
    compressedBytes = 0
  }
}
