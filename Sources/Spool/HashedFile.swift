import Digest
import Failures

/// A durable file that knows its size, its SHA-256 and its records while it is written.
///
/// Every append is a write: hand it large pieces.
public struct HashedFile: ~Copyable {
  private var file: DurableFile
  private var hash = SHA256()
  private var bytes = 0

  public init(_ path: String) throws(Failure) { file = try DurableFile(path) }

  public mutating func append(_ data: UnsafeRawBufferPointer) throws {
    guard !data.isEmpty else { return }
    hash.update(data)
    try file.write(data)
    bytes += data.count
  }

  /// Makes it durable and visible; the name is durable after ``Folder/sync(_:)``.
  ///
  /// - Parameter records: rows or lines, as the caller counted them.
  public consuming func seal(records: Int) throws -> FileEntry {
    let entry = FileEntry(name: Folder.name(of: file.path), bytes: bytes, sha256: hash.finish(), records: records)
    try file.seal()
    return entry
  }
}
