import Glibc

/// A temporary folder for one test, in memory (/dev/shm) if possible, removed on deinitialization.
public final class ScratchFolder: Sendable {
  public let path: String

  /// - Parameter onDisk: for files that are too large for memory.
  public init(onDisk: Bool = false) {
    let parent = !onDisk && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/registry-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { preconditionFailure("no scratch folder in \(parent)") }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  deinit { remove(path) }

  public func write(_ bytes: [UInt8], to name: String) -> String {
    let file = path + "/" + name
    guard let stream = fopen(file, "w") else { preconditionFailure("cannot write \(file)") }
    fwrite(bytes, 1, bytes.count, stream)
    fclose(stream)
    return file
  }

  public static func read(_ path: String) -> [UInt8]? {
    guard let stream = fopen(path, "r") else { return nil }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
    return bytes
  }

  /// Removes a file, a link, or a folder with its content. What a link leads to stays: a test may link to /dev.
  private func remove(_ path: String) {
    guard unlink(path) != 0 else { return }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    if let folder = fdopendir(descriptor) {
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != "." && name != ".." { remove(path + "/" + name) }
      }
      closedir(folder)
      rmdir(path)
    } else {
      close(descriptor)
    }
  }
}
