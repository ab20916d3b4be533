import Digest
import Support
import Zstd

/// Writes compressed files, one after another, and computes the SHA-256 of their uncompressed bytes.
public struct CompressedFile: ~Copyable {
  private var compressor: Compressor
  private var hash = SHA256()
  private var output = Output()
  private var name = ""
  /// Uncompressed bytes so far.
  public private(set) var bytes = 0

  private struct Output: ~Copyable {
    var file: DurableFile?
    var bytes = 0

    mutating func write(_ piece: UnsafeRawBufferPointer) throws {
      bytes += piece.count
      try file?.write(piece)
    }
  }

  public init() throws {
    // Level 1: levels that save a tenth of the size are a third slower, and the spool is not an archive.
    do { compressor = try Compressor(level: 1) } catch { throw Self.failure(error) }
  }

  /// Appends to the open file; begins a file at `path` if none is open.
  public mutating func append(_ data: UnsafeRawBufferPointer, to path: @autoclosure () -> String) throws {
    if output.file == nil { try begin(path()) }
    hash.update(data)
    bytes += data.count
    try compressor.compress(data) { try output.write($0) }
  }

  /// Ends the file's content and describes it. Then call ``commit()`` or ``drop()``.
  public mutating func describe(records: Int) throws -> FileEntry {
    try compressor.finish { try output.write($0) }
    return entry(records)
  }

  /// Writes a file with complete content and describes it. Then call ``commit()`` or ``drop()``.
  public mutating func fill(with data: UnsafeRawBufferPointer, at path: String, records: Int) throws -> FileEntry {
    try begin(path)
    hash.update(data)
    bytes = data.count
    do { try compressor.compress(whole: data) { try output.write($0) } } catch let error as ZstdError {
      throw Self.failure(error)
    }
    return entry(records)
  }

  /// Makes the content durable, which is slow; ``commit()`` is then quick.
  public mutating func flush() throws { try output.file?.flush() }

  /// Makes the content durable and gives the file its name. The name is durable after ``Folder/sync(_:)``.
  public mutating func commit() throws {
    if let file = output.file.take() { try file.seal() }
    drop()
  }

  /// Removes a file that is not committed; the next `append` or `fill` begins another.
  public mutating func drop() {
    output = Output()
    bytes = 0
  }

  /// The failure of compressing, whose only possible cause is lack of memory.
  private static func failure(_ error: ZstdError) -> Failure {
    Failure(
      .temporary, "unable to compress: \(error)", hint: "give the process more memory, then run the same command again")
  }

  private mutating func begin(_ path: String) throws {
    name = Folder.name(of: path)
    output.file = try DurableFile(path)
  }

  private mutating func entry(_ records: Int) -> FileEntry {
    FileEntry(name: name, bytes: bytes, compressedBytes: output.bytes, sha256: hash.finish(), records: records)
  }
}
