import CommandKit
import Glibc
import Spool
import Support

/// A source that is read once, from its beginning to its end: stdin, another open descriptor or a named pipe.
///
/// Its size is unknown before its end. The end of a stream does not tell whether its writer succeeded. If the descriptor
/// is of a file, the file must not change meanwhile.
struct StreamSource: ~Copyable {
  private let descriptor: Int32
  private let name: String
  private let settings: FetchSettings
  private let previous: PreviousSnapshot?
  private let log: EventLog

  /// - Throws: category `unavailable` if the descriptor is not open.
  init(_ number: Int32, _ settings: FetchSettings, previous: PreviousSnapshot?, log: EventLog) throws {
    name = settings.location.shown
    (self.settings, self.previous, self.log) = (settings, previous, log)
    descriptor = fcntl(number, F_DUPFD_CLOEXEC, 3)
    guard descriptor >= 0 else { throw Self.failure(name, SystemError()) }
  }

  /// - Returns: nil if the path is not a named pipe.
  init?(pipe path: String, _ settings: FetchSettings, previous: PreviousSnapshot?, log: EventLog) throws {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return nil }
    name = "'\(path)'"
    (self.settings, self.previous, self.log) = (settings, previous, log)
    // Without O_NONBLOCK, open would wait for a writer, and neither a signal nor the time limit could end that.
    descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(name, SystemError()) }
    // Each byte of a pipe reaches one reader only.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw Failure(
        .temporary, "another run reads \(name)", hint: "wait for it to end, or give each run a pipe of its own")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func fetch() throws -> FetchOutcome {
    guard isatty(descriptor) == 0 else {
      throw Failure(
        .usage, "the source is \(name), which is a terminal",
        hint: "let a program write the file to it, for example: cat FILE | \(command: .run, "--source -")")
    }
    let before = try identity()
    let snapshot = try UnfinishedSnapshot.findOrBegin(settings, log: log)
    var reader = try SourceReader(snapshot, settings)
    do {
      try read { bytes in
        try reader.append(bytes)
        return !reader.limitReached
      }
    } catch let error as ArchiveError { throw error.failure(name) }
    guard try identity() == before else {
      throw Failure(
        .temporary, "the file behind \(name) changed while fetch read it",
        hint: "wait until the file is complete, then run the same command again")
    }
    do { return try reader.finish(previous: previous) } catch let error as ArchiveError { throw error.failure(name) }
  }

  /// Passes the bytes to `body`, block by block, until the stream ends or `body` returns false.
  private func read(_ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
    let deadline = MonotonicClock.seconds() + settings.secondsMax
    let progress = ProgressReporter("fetch", unit: .bytes, total: nil, log: log)
    defer { progress.finish() }
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var bytes = 0
    while true {
      let count = try buffer.withUnsafeMutableBytes { try next(into: $0, until: deadline) }
      if count == 0 { return }
      bytes += count
      guard bytes <= settings.bytesMax else {
        throw Failure(
          .data, "\(name) has more than --max-bytes \(settings.bytesMax)",
          hint: "if this is the correct source, set a larger --max-bytes")
      }
      progress.add(count)
      guard try buffer.withUnsafeBytes({ try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }) else { return }
    }
  }

  /// The identity of the file behind the descriptor; nil for a stream.
  private func identity() throws -> FileIdentity? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(name, SystemError()) }
    return status.st_mode & S_IFMT == S_IFREG ? FileIdentity(status) : nil
  }

  /// Waits for bytes and reads those that are there.
  ///
  /// - Returns: their number; 0 at the end of the stream.
  private func next(into buffer: UnsafeMutableRawBufferPointer, until deadline: Double) throws -> Int {
    while true {
      try StopSignal.check()
      guard MonotonicClock.seconds() < deadline else {
        throw Failure(
          .temporary, "\(name) did not end within \(Int(settings.secondsMax)) s (--timeout)",
          hint: "run the same command again; if the program that writes it needs longer, set a larger --timeout")
      }
      var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      // A pipe without a writer is not at its end before its first writer has come and gone.
      guard poll(&wanted, 1, 100) > 0 else { continue }
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      let error = SystemError()
      guard [EINTR, EAGAIN].contains(error.code) else { throw Self.failure(name, error) }
    }
  }

  private static func failure(_ name: String, _ error: SystemError) -> Failure {
    Failure(.unavailable, "unable to read \(name): \(error)", hint: "check --source")
  }
}
