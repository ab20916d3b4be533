import Glibc
import StructuredLogging
import Support

/// Unsent events on disk, which outlive a process that cannot send them or is killed. A file belongs to the process
/// that holds its lock. If the lock is free, the next process claims the file.
///
///     00000000000000000093 ap-northeast-1 /docker/etl console      the first byte that is not sent
///     1769567400123 {"timestamp":…}                                one line per event
final class PendingFile {
  /// Maximum size of a file. Its events fit into the part of the queue that is for earlier processes.
  static let bytesMax = 3 << 20
  /// A larger file was not written by this program.
  static let acceptedBytesMax = 4 * bytesMax
  private static let offsetDigits = 20

  private let descriptor: Int32
  private let path: String
  private let headBytes: Int
  /// The offset after the last event.
  private var end: Int
  private var isRemoved = false

  private init(descriptor: Int32, path: String, headBytes: Int, end: Int) {
    self.descriptor = descriptor
    self.path = path
    self.headBytes = headBytes
    self.end = end
  }

  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Creates a file.
  ///
  /// - Returns: nil if that is not possible.
  static func make(in folder: String, name: String, for destination: Destination) -> PendingFile? {
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { return nil }
    let path = folder + "/" + name
    // Locked before it gets its name, so that no other process claims it meanwhile.
    let new = path + ".new"
    let descriptor = open(new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return nil }
    let headBytes = head(0, destination).utf8.count
    let file = PendingFile(descriptor: descriptor, path: path, headBytes: headBytes, end: headBytes)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, file.write(head(headBytes, destination), at: 0),
      rename(new, path) == 0
    else {
      unlink(new)
      return nil
    }
    return file
  }

  /// Claims a file whose lock is free.
  ///
  /// - Returns: the file, its events and the number of damaged lines; nil if another process holds it, it is for another stream, or this program did
  ///   not write it.
  static func claim(_ path: String, for destination: Destination, number: Int) -> (
    PendingFile, [PendingEvent], damaged: Int
  )? {
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    let headBytes = head(0, destination).utf8.count
    let file = PendingFile(descriptor: descriptor, path: path, headBytes: headBytes, end: headBytes)
    var (status, named) = (stat(), stat())
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
      // It may have been sent and removed since it was opened.
      lstat(path, &named) == 0, named.st_ino == status.st_ino, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= acceptedBytesMax, let bytes = file.read(status.st_size)
    else { return nil }
    let first = bytes.prefix(offsetDigits)
    guard let offset = Int(String(decoding: first, as: UTF8.self)), offset >= headBytes, bytes.count >= headBytes,
      bytes.prefix(headBytes).elementsEqual(head(offset, destination).utf8)
    else { return nil }
    var events: [PendingEvent] = []
    var damaged = 0
    var start = min(offset, bytes.count)
    // A last line without its end is the part of an event for which a full disk had space.
    while let newline = bytes[start...].firstIndex(of: 0x0A) {
      if var event = event(bytes[start..<newline]) {
        event.place = PendingEvent.Place(file: number, end: newline + 1)
        events.append(event)
      } else {
        damaged += 1
      }
      start = newline + 1
    }
    file.end = start
    return (file, events, damaged)
  }

  /// Whether a file does not begin as this program writes it.
  static func isDamaged(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    let file = PendingFile(descriptor: descriptor, path: path, headBytes: 0, end: 0)
    guard let first = file.read(offsetDigits) else { return true }
    return Int(String(decoding: first, as: UTF8.self)) == nil
  }

  /// Appends an event.
  ///
  /// - Returns: the offset after it; nil if it cannot be stored.
  func append(_ event: PendingEvent) -> Int? {
    let line = "\(event.millisecondsSince1970) \(event.message)\n"
    guard !isRemoved, end + line.utf8.count <= Self.bytesMax, write(line, at: end) else { return nil }
    end += line.utf8.count
    return end
  }

  /// Notes that all bytes before an offset were sent.
  func advance(to byte: Int) {
    if byte >= end, end > Self.bytesMax / 8 {
      // Empties the file. A kill between the two writes leaves a head that points after the end: no event is sent
      // again.
      if write(byte.padded(Self.offsetDigits), at: 0), ftruncate(descriptor, off_t(headBytes)) == 0 {
        end = headBytes
        _ = write(headBytes.padded(Self.offsetDigits), at: 0)
      }
    } else {
      _ = write(byte.padded(Self.offsetDigits), at: 0)
    }
  }

  func remove() {
    guard !isRemoved else { return }
    isRemoved = true
    unlink(path)
  }

  private static func head(_ offset: Int, _ destination: Destination) -> String {
    "\(offset.padded(offsetDigits)) \(destination.region) \(destination.group) \(destination.stream)\n"
  }

  /// - Returns: nil for a line that no process wrote, or that CloudWatch would never accept.
  private static func event(_ line: ArraySlice<UInt8>) -> PendingEvent? {
    guard let space = line.firstIndex(of: 0x20), let time = Int(String(decoding: line[..<space], as: UTF8.self)),
      (0..<(1 << 53)).contains(time)
    else { return nil }
    let message = String(decoding: line[(space + 1)...], as: UTF8.self)
    guard !message.isEmpty, message.utf8.count <= EventBatch.messageBytesMax else { return nil }
    return PendingEvent(millisecondsSince1970: time, message: message)
  }

  private func write(_ text: String, at offset: Int) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) } == bytes.count
  }

  private func read(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    let done = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return done == count ? bytes : nil
  }
}
