import CommandKit
import Digest
import Spool
import Support

/// A source that is a local file.
struct FileSource {
  let path: String
  let settings: FetchSettings
  let previous: PreviousSnapshot?
  let log: EventLog

  func fetch() throws -> FetchOutcome {
    if let previous, try isContent(of: previous) {
      log.info("'\(path)' has the same bytes as snapshot \(previous.folder.id): nothing to fetch")
      return .unchanged(previous.folder, previous.manifest)
    }
    let snapshot = try UnfinishedSnapshot.findOrBegin(settings, log: log)
    let size = try open().size()
    if settings.terms.limit == nil { try FreeSpace.check(settings.spool, sourceBytes: size) }
    var reader = try SourceReader(snapshot, settings, bytes: size, isFile: true)
    do {
      try read { bytes in
        try reader.append(bytes)
        return !reader.limitReached
      }
      return try reader.finish(previous: previous, file: ArchiveBytes(open(), bytes: size))
    } catch let error as ArchiveError { throw error.failure("'\(path)'") }
  }

  /// Compares the size, and the bytes only if the sizes are equal. A file that differs is then read twice. That costs
  /// less than splitting and compressing an unchanged file every day.
  private func isContent(of snapshot: PreviousSnapshot) throws -> Bool {
    let (size, archive) = (try open().size(), snapshot.manifest.source.archive)
    guard size == archive?.bytes ?? snapshot.manifest.csv.bytes else { return false }
    var hash = SHA256()
    try read {
      hash.update($0)
      return true
    }
    return hash.finish() == archive?.sha256 ?? snapshot.manifest.csv.sha256
  }

  private func open() throws -> OpenFile {
    guard let file = try OpenFile(path, followLinks: true) else {
      throw Failure(.unavailable, "there is no file '\(path)'", hint: "check --source, or SOURCE_URL")
    }
    do { _ = try file.identity() } catch { throw Failure(.unavailable, error.message, hint: "check --source") }
    return file
  }

  /// Passes the file's bytes to `body`, block by block, until the file ends or `body` returns false.
  ///
  /// - Throws: category `data` if the file is too large, `temporary` if it changes meanwhile.
  private func read(_ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
    let file = try open()
    let before = try file.identity()
    guard before.bytes <= settings.bytesMax else {
      throw Failure(
        .data, "'\(path)' has \(before.bytes) bytes, more than --max-bytes \(settings.bytesMax)",
        hint: "if this is the correct file, set a larger --max-bytes")
    }
    let progress = ProgressReporter("fetch", unit: .bytes, total: before.bytes, log: log)
    defer { progress.finish() }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      try StopSignal.check()
      let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
      if count == 0 { break }
      let more = try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      progress.add(count)
      if !more { break }
    }
    let after = try file.identity()
    guard after == before else {
      throw Failure(
        .temporary, "the file '\(path)' changed while fetch read it",
        hint: "wait until the file is complete, then run the same command again")
    }
  }
}
