import Digest
import Support
import Zstd

/// Writes one compressed file after another: each compressed as its bytes come, and hashed before.
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
    // Level 1: a third slower levels save a tenth of the size, and the spool is not the archive.
    do { compressor = try Compressor(level: 1) } catch { throw Self.failure(error) }
  }

  /// Begins a file, or goes on with it.
  public mutating func append(_ data: UnsafeRawBufferPointer, to path: @autoclosure () -> String) throws {
    if output.file == nil { try begin(path()) }
    hash.update(data)
    bytes += data.count
    try compressor.compress(data) { try output.write($0) }
  }

  /// Ends the file's content and describes it; then it is either kept or dropped.
  public mutating func describe(records: Int) throws -> FileEntry {
    try compressor.finish { try output.write($0) }
    return entry(records)
  }

  /// A file whose content is all there: begins, ends and describes it; then it is either kept or dropped.
  public mutating func fill(with data: UnsafeRawBufferPointer, at path: String, records: Int) throws -> FileEntry {
    try begin(path)
    hash.update(data)
    bytes = data.count
    do { try compressor.compress(whole: data) { try output.write($0) } } catch let error as ZstdError {
      throw Self.failure(error)
    }
    return entry(records)
  }

  /// Makes the content durable, which takes its time; ``keep()`` is then quick.
  public mutating func flush() throws { try output.file?.flush() }

  /// Makes the file durable and visible under its name.
  public mutating func commit() throws {
    if let file = output.file.take() { try file.seal() }
    drop()
  }

  /// Leaves nothing of the file; the next `append` or `fill` begins another.
  public mutating func drop() {
    output = Output()
    bytes = 0
  }

  /// All that can go wrong with compressing is that there is no memory.
  private static func failure(_ error: ZstdError) -> Failure {
    Failure(.temporary, "libzstd: \(error)", hint: "give it more memory, then run the same command again")
  }

  private mutating func begin(_ path: String) throws {
    name = Folder.name(of: path)
    output.file = try DurableFile(path)
  }

  private mutating func entry(_ records: Int) -> FileEntry {
    FileEntry(name: name, bytes: bytes, compressedBytes: output.bytes, sha256: hash.finish(), records: records)
  }
}
