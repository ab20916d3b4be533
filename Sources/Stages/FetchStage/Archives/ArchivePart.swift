import FaultInjection
import Glibc
import Spool
import Support

/// `fetch/.archive.part`: the bytes of an archive that have arrived, until the snapshot is complete.
///
/// It is not flushed: after a power cut, its content may be damaged. The archive's checksums show that.
struct ArchivePart: ~Copyable {
  private let path: String
  private let descriptor: Int32
  private(set) var bytes: Int

  /// Creates the file. One that is there is removed.
  init(new path: String) throws(Failure) {
    descriptor = try Self.create(path)
    (self.path, bytes) = (path, 0)
  }

  private static func create(_ path: String) throws(Failure) -> Int32 {
    try SpoolFile.remove(path)
    let descriptor = Faults.call(.create, at: path) { Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    guard descriptor >= 0 else { throw .system("create '\(path)'", errno: errno) }
    return descriptor
  }

  /// Opens the file to append.
  ///
  /// - Parameter bytes: how many of its bytes to keep.
  init(_ path: String, keeping bytes: Int) throws(Failure) {
    descriptor = try Self.open(path, keeping: bytes)
    (self.path, self.bytes) = (path, bytes)
  }

  private static func open(_ path: String, keeping bytes: Int) throws(Failure) -> Int32 {
    let descriptor = Glibc.open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open '\(path)'", errno: errno) }
    guard ftruncate(descriptor, bytes) == 0, lseek(descriptor, 0, SEEK_END) == bytes else {
      let code = errno
      close(descriptor)
      throw .system("truncate '\(path)'", errno: code)
    }
    return descriptor
  }

  deinit { close(descriptor) }

  mutating func append(_ block: UnsafeRawBufferPointer) throws(Failure) {
    try DurableFile.writeAll(block, to: descriptor, at: path)
    bytes += block.count
  }

  /// All its bytes.
  func content() throws(Failure) -> ArchiveBytes {
    guard let file = try OpenFile(path) else { throw Failure(.temporary, "'\(path)' has disappeared") }
    return ArchiveBytes(file, bytes: bytes)
  }
}

extension ArchiveBytes {
  init(_ file: consuming OpenFile, bytes: Int) {
    let file = Shared(file)
    self.init(count: bytes) { try file.value.read(into: $0, at: $1) }
  }

  /// A closure cannot hold a value that is not copyable.
  private final class Shared {
    let value: OpenFile

    init(_ value: consuming OpenFile) { self.value = value }
  }
}
