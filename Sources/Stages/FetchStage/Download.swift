import CommandKit
import FaultInjection
import HTTP
import Spool
import Support

/// Downloads a source from the web in one or more attempts. Each attempt resumes where the one before ended, if the
/// server supports it.
///
/// Never joins two versions of the source. The rest is requested by Range only if a strong validator names the version
/// (If-Range), and the answer's status, Content-Range, length and validator are checked. Otherwise the source is read
/// from its start, and each finished chunk is kept only if its bytes are the same.
///
/// Machines behind one name may give the same bytes different validators. Each counts as a version of its own, until
/// its bytes differ: the chunks that it has confirmed are known for each.
struct Download: ~Copyable {
  private let url: String
  private let settings: FetchSettings
  private let previous: PreviousSnapshot?
  private let log: EventLog

  // State that is kept across attempts.

  /// The snapshot that gets the chunks, with the version of the current answer; nil if none is begun yet.
  private var snapshot: UnfinishedSnapshot?
  private var finished: FinishedChunks
  /// What has arrived of an archive. There are no finished chunks then.
  private var kept: KeptArchive?
  /// Versions whose rest can be requested. The one that has not answered for the longest time is first: if machines
  /// answer in turn, its machine is the next.
  private var versions: [KnownVersion] = []
  /// Whether the next request may ask for a range.
  private var ranges = RetryableError.Ranges.allowed

  // State of the current answer.

  /// Nil until the head is accepted.
  private var reader: SourceReader?
  private var bar: ProgressReporter?
  /// The snapshot since which the source is unchanged, if the server reports that.
  private var unchanged: PreviousSnapshot?
  /// Whether it continues an archive of which a part has arrived before.
  private var resumesArchive = false
  /// Offset in the source of the next byte.
  private var offset = 0
  /// Size of the whole source in bytes, if the answer gives it.
  private var total: Int?

  /// Fetches the source.
  static func run(
    _ url: String, _ settings: FetchSettings, previous: PreviousSnapshot?, log: EventLog
  ) throws -> FetchOutcome {
    let deadline = Timestamp.monotonicSeconds() + settings.secondsMax
    var download = try Download(url, settings, previous, log)
    return try download.run(until: deadline)
  }

  private init(_ url: String, _ settings: FetchSettings, _ previous: PreviousSnapshot?, _ log: EventLog) throws {
    self.url = url
    self.settings = settings
    self.previous = previous
    self.log = log
    let snapshot = try UnfinishedSnapshot.find(settings, log: log)
    self.snapshot = snapshot
    kept = try snapshot?.keptArchive()
    finished = try snapshot?.finishedChunks() ?? FinishedChunks()
    if let snapshot { remember(snapshot.manifest.source) }
  }

  private mutating func run(until deadline: Double) throws -> FetchOutcome {
    var failures = 0
    while true {
      try StopSignal.check()
      let left = deadline - Timestamp.monotonicSeconds()
      guard left > 0 else { throw outOfTime() }
      let error: RetryableError
      do { return try attempt(secondsLeft: left) } catch let retryable as RetryableError { error = retryable }
      if ranges != .forbidden { ranges = error.ranges }
      guard failures < settings.retryWaitSeconds.count else {
        throw Failure(
          .temporary,
          "unable to fetch \(settings.location.shown): \(error.why); gave up after \(failures + 1) attempts",
          hint: "run the same command again later: it resumes where it stopped")
      }
      try wait(after: error, failures: failures, left: left)
      failures += 1
    }
  }

  private func wait(after error: RetryableError, failures: Int, left: Double) throws {
    var seconds = settings.retryWaitSeconds[failures] * Double.random(in: 1...1.25)
    if let asked = error.retryAfterSeconds {
      guard asked <= 60 else {
        throw Failure(
          .temporary, "unable to fetch \(settings.location.shown): \(error.why); the server asks to wait \(asked) s",
          hint: "run the same command again after \(asked) s")
      }
      seconds = max(seconds, Double(asked))
    }
    if error.isImmediate { seconds = 0 }
    guard seconds < left else { throw outOfTime() }
    log.warning("\(error.why): trying again in \(Int(seconds.rounded(.up))) s")
    _ = Faults.at(.before, of: .retry)
    try RetryPause.wait(seconds: seconds)
    _ = Faults.at(.after, of: .retry)
  }

  private func outOfTime() -> Failure {
    Failure(
      .temporary, "unable to fetch \(settings.location.shown) within \(Int(settings.secondsMax)) s (--timeout)",
      hint: "run the same command again: it resumes where it stopped")
  }

  /// Sends one request and processes its answer.
  ///
  /// - Throws: ``RetryableError`` if another attempt may succeed, else a `Failure`.
  private mutating func attempt(secondsLeft: Double) throws -> FetchOutcome {
    let version = ranges == .allowed ? versions.first : nil
    if let version, let snapshot, kept == nil, version.chunks != finished.entries {
      finished = try snapshot.finishedChunks(of: version.chunks)
    }
    let conditional = ConditionalRequest(
      resumeAt: kept?.bytes ?? finished.cursor.offset, of: version?.source, previous: previous,
      location: settings.location)
    var request = Request(url: url, timeoutSeconds: secondsLeft)
    request.headers = conditional.headers
    // Plain http is allowed to loopback only: a proxy would be another machine.
    request.bypassesProxy = !url.lowercased().hasPrefix("https:")
    request.connectTimeoutSeconds = settings.connectTimeoutSeconds
    request.lowSpeedSeconds = settings.stallSeconds
    (request.caFile, request.caFolder) = (settings.caFile, settings.caFolder)
    (offset, total, unchanged, resumesArchive) = (0, nil, nil, false)
    defer { bar?.finish() }
    do {
      var transfer = try Transfer()
      try transfer.perform(
        request,
        onHead: { head in try begin(SourceAnswer(head, to: conditional, at: settings.location)) },
        onBody: { bytes in try append(bytes) },
        check: { try StopSignal.check() })
    } catch is EnoughReceived {
      return try complete()
    } catch let error where isAboutArchive(error) {
      throw try refuse(error)
    } catch let error as TransferError where error.kind == .temporary && offset == total {
      // All bytes of the source have arrived, so the answer is complete however the connection ended.
      return try complete()
    } catch {
      try keepFinishedChunks()
      throw classify(error)
    }
    return try complete()
  }

  private mutating func begin(_ answer: SourceAnswer) throws {
    switch answer {
    case .whole(let source, let bytes): try beginWhole(source, bytes)
    case .rest(let offset, let total):
      log.info("the download resumes at byte \(offset) of \(total)")
      (self.offset, self.total) = (offset, total)
      if let asked = versions.first { answers(asked.source) }
      try beginReading(isWhole: false)
    case .unchanged(let previous): unchanged = previous
    }
  }

  private mutating func beginWhole(_ source: Source, _ bytes: Int?) throws {
    if let bytes, bytes > settings.bytesMax { throw tooLarge("\(bytes)") }
    if settings.terms.limit == nil { try FreeSpace.check(settings.spool, sourceBytes: bytes ?? 0) }
    total = bytes
    if finished.cursor.offset > 0 || kept != nil {
      log.info("the download restarts: finished chunks are kept if their bytes are the same")
    }
    if let last = versions.last, last.source.isInterchangeable(with: source) {
      // It has answered twice in a row, although another version was requested: the others are gone.
      versions = [last]
    }
    if snapshot == nil { snapshot = try UnfinishedSnapshot.begin(settings, source, log: log) }
    answers(source)
    finished = FinishedChunks()
    try beginReading(isWhole: true)
  }

  /// Notes the version of the current answer.
  private mutating func answers(_ source: Source) {
    guard let current = snapshot, !current.manifest.source.isInterchangeable(with: source) else { return }
    log.info("the answer has another ETag or Last-Modified than before: a newer source, or another machine's answer")
    snapshot = current.with(source)
  }

  /// Notes that the finished chunks are of a version, in addition to those that it had before.
  private mutating func remember(_ source: Source) {
    guard kept == nil else {
      // The bytes of an archive are of one version.
      versions = source.strongValidator == nil ? [] : [KnownVersion(source: source, chunks: [])]
      return
    }
    let received = finished.entries
    // A version with another chunk is no longer in the folder.
    versions.removeAll { zip($0.chunks, received).contains { $0 != $1 } }
    let before = versions.firstIndex { $0.source.isInterchangeable(with: source) }.map { versions.remove(at: $0) }
    guard source.strongValidator != nil else { return }
    let chunks = before.map { $0.chunks.count > received.count ? $0.chunks : received } ?? received
    if !chunks.isEmpty { versions.append(KnownVersion(source: source, chunks: chunks)) }
  }

  private mutating func beginReading(isWhole: Bool) throws {
    guard let snapshot else { throw Failure(.bug, "internal error: chunks arrived before the snapshot was begun") }
    if isWhole {
      kept = nil
      reader = try SourceReader(snapshot, settings, bytes: total)
    } else if let kept {
      resumesArchive = true
      reader = try SourceReader.resume(snapshot, settings, after: kept)
    } else {
      reader = try SourceReader(snapshot, settings, after: finished)
    }
    bar = ProgressReporter("fetch", unit: .bytes, total: total, log: log)
    bar?.add(offset)
  }

  private mutating func append(_ body: UnsafeRawBufferPointer) throws {
    if unchanged != nil { return }
    offset += body.count
    guard offset <= settings.bytesMax else { throw tooLarge("at least \(offset)") }
    if let total, offset > total {
      throw RetryableError(
        why: "the answer continues after byte \(total), its announced end", ranges: .forbidden)
    }
    try reader?.append(body)
    bar?.add(body.count)
    if reader?.limitReached == true { throw EnoughReceived() }
  }

  /// Completes the snapshot after the answer has ended.
  ///
  /// - Throws: ``RetryableError`` if the answer ended early.
  private mutating func complete() throws -> FetchOutcome {
    if let unchanged {
      log.info("the server reports that the source is unchanged since snapshot \(unchanged.folder.id)")
      return .unchanged(unchanged.folder, unchanged.manifest)
    }
    if let total, reader?.limitReached == false, offset != total {
      // libcurl checks the length of an answer, but not that a range reaches the end of the source.
      try keepFinishedChunks()
      throw RetryableError(why: "the answer ended at byte \(offset) of \(total)")
    }
    guard let reader = reader.take() else {
      throw Failure(.bug, "internal error: the server's answer ended before its headers")
    }
    do { return try reader.finish(previous: previous) } catch let error where isAboutArchive(error) {
      throw try refuse(error)
    }
  }

  /// Whether the archive is not acceptable. If its parts are of different versions, its content may be refused before
  /// its checksum is.
  private func isAboutArchive(_ error: any Error) -> Bool {
    error is ArchiveError || resumesArchive && (error as? Failure)?.category == .data
  }

  /// Forgets an archive that is not acceptable.
  ///
  /// - Returns: ``RetryableError`` if its parts may be of different versions, else the refusal.
  private mutating func refuse(_ error: any Error) throws -> any Error {
    reader = nil
    (kept, versions) = (nil, [])
    if let snapshot { try SpoolFile.remove(snapshot.archivePart) }
    guard !resumesArchive else {
      let reason = (error as? Failure)?.message ?? "\(error)"
      return RetryableError(
        why: "the archive is damaged after its download was resumed (\(reason)): the download restarts",
        isImmediate: true, ranges: .forbidden)
    }
    return (error as? ArchiveError)?.failure(settings.location.shown) ?? error
  }

  /// Keeps the finished chunks of a failed attempt for the next attempt or the next process.
  ///
  /// - Throws: the error of a chunk that could not be written, which another attempt would not fix.
  private mutating func keepFinishedChunks() throws {
    guard let reader = reader.take() else { return }
    let snapshot = reader.snapshot
    self.snapshot = snapshot
    kept = reader.kept
    finished = try reader.stop()
    remember(snapshot.manifest.source)
  }

  private func classify(_ error: any Error) -> any Error {
    guard let error = error as? TransferError else { return error }
    let shown = settings.location.shown
    switch error.kind {
    case .temporary: return RetryableError(why: error.description)
    case .permanent:
      return Failure(
        .unavailable, "unable to fetch \(shown): \(error)", hint: "check --source and any proxy")
    case .certificate:
      return Failure(
        .unavailable, "unable to fetch \(shown): \(error)",
        hints: [
          "check --source, the server's certificate and this machine's clock",
          "if a company proxy or server has its own authority, name its certificates in SSL_CERT_FILE (the check cannot be switched off)",
        ])
    case .malformedURL:
      return Failure(.usage, "unable to use the source's URL: \(error)", hint: "check --source")
    case .malformedProxy:
      return Failure(
        .unavailable, "unable to fetch \(shown): \(error)",
        hint:
          "correct https_proxy, http_proxy or all_proxy, such as http://user:password@host:3128; in a password write "
          + "%40 for @, %2F for /, %23 for # and %20 for a space")
    case .unacceptable:
      return Failure(
        .data, "the answer of \(shown) is refused: \(error)", hint: "check --source: this may be another server")
    }
  }

  private func tooLarge(_ bytes: String) -> Failure {
    Failure(
      .data, "the source at \(settings.location.shown) has \(bytes) bytes, more than --max-bytes \(settings.bytesMax)",
      hint: "if this is the correct source, set a larger --max-bytes")
  }

  /// Ends a transfer early: all requested records have arrived.
  private struct EnoughReceived: Error {}

  /// A version of the source, and those of its chunks that have arrived or were confirmed.
  private struct KnownVersion {
    let source: Source
    let chunks: [ChunkEntry]
  }
}
