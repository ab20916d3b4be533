import Digest
import Failures
import HTTP
import Records
import Spool
import StageKit

/// The download of one source, over as many attempts as it takes.
///
/// Two versions of the source are never spliced: the rest is asked for by Range only where a strong validator names the
/// version (If-Range), and its status, Content-Range, length and validator are all checked. Otherwise the source is
/// read from its start, and each finished chunk is kept only if its bytes come out the same.
struct WebDownload: ~Copyable {
  let source: WebSource

  // What outlives an attempt.

  /// Where chunks go; nil before an answer was accepted.
  var store: SpoolChunkStore?
  /// Finished chunks, and the hash of their bytes.
  private var finished: CutProgress
  private var finishedHash: SHA256
  /// False once the server has answered a range wrongly: it is not asked again.
  var mayResume = true

  // The answer that comes in.

  var question: Question
  private var cutter: ChunkCutter?
  private var bar: Progress?
  /// Offset in the source of the next byte that comes.
  var offset = 0
  /// The whole source's size, where the answer says it.
  var total: Int?
  var isUnchanged = false

  var settings: FetchSettings { source.settings }
  var resumeOffset: Int { finished.position.offset }

  init(_ source: WebSource, earlier: consuming InterruptedDownload?) throws {
    self.source = source
    if let earlier {
      store = SpoolChunkStore(folder: earlier.folder, download: earlier.manifest, log: source.log)
      finished = earlier.progress
      finishedHash = earlier.hash.copy()
    } else {
      store = nil
      finished = CutProgress()
      finishedHash = SHA256()
    }
    question = Question(resumeAt: 0, validator: nil, base: nil, location: source.settings.location)
  }

  /// One request and its answer.
  ///
  /// - Throws: ``Setback`` where another attempt may succeed, else a `Failure`.
  mutating func attempt(secondsLeft: Double) throws -> FetchOutcome {
    question = Question(
      resumeAt: finished.position.offset, validator: mayResume ? store?.download.source.strongValidator : nil,
      base: source.base, location: settings.location)
    var request = Request(url: source.url, timeoutSeconds: secondsLeft)
    request.headers = question.headers
    request.connectTimeoutSeconds = settings.connectTimeoutSeconds
    request.lowSpeedSeconds = settings.stallSeconds
    (request.caFile, request.caFolder) = (settings.caFile, settings.caFolder)
    (offset, total, isUnchanged) = (0, nil, false)
    defer { bar?.finish() }
    do {
      var transfer = try Transfer()
      try transfer.perform(
        request, onHead: { try take($0) }, onBody: { try take($0) }, check: { try StopSignal.check() })
    } catch is EnoughReceived {
      return try complete()
    } catch let error as TransferError where error.kind == .temporary && offset == total {
      // The answer's Content-Range gives the source's length, so the answer is complete however the connection ended.
      return try complete()
    } catch {
      try keepFinished()
      throw classify(error)
    }
    return try complete()
  }

  private mutating func take(_ body: UnsafeRawBufferPointer) throws {
    if isUnchanged { return }
    offset += body.count
    guard offset <= settings.bytesMax else { throw tooLarge("more than") }
    if let total, offset > total {
      mayResume = false
      throw Setback(why: "the answer goes on behind byte \(total), where it said that it would end")
    }
    try cutter?.push(body)
    bar?.add(body.count)
    if cutter?.limitReached == true { throw EnoughReceived() }
  }

  /// The answer has ended as it should.
  private mutating func complete() throws -> FetchOutcome {
    if isUnchanged, let base = source.base {
      source.log.info("the source says that it is unchanged since snapshot \(base.folder.id)")
      return .unchanged(base.folder, base.manifest)
    }
    guard var cutter = cutter.take(), let store else {
      throw Failure(.bug, "an answer came to its end without a head")
    }
    if let total, !cutter.limitReached, offset != total {
      // libcurl checks the length of an answer; this is about a range's place in the whole.
      self.cutter = consume cutter
      try keepFinished()
      throw Setback(why: "the answer ended at byte \(offset) of \(total)")
    }
    let sha256 = try cutter.finish()
    return try Fetcher.complete(
      settings, store, cutter.progress, sha256: sha256, base: source.base, log: source.log)
  }

  /// Begins to cut what comes: from the start, or behind the chunks that are finished.
  mutating func open(resuming: Bool) throws {
    guard let store else { throw Failure(.bug, "chunks have no place to go") }
    if !resuming {
      finished = CutProgress()
      finishedHash = SHA256()
    }
    cutter = try ChunkCutter(terms: settings.terms, store: store, progress: finished, hash: finishedHash)
    bar = Progress("fetch", unit: "MiB", total: total, scale: 1 << 20, log: source.log)
    bar?.add(offset)
  }

  /// The attempt has failed: what is finished stays finished, for the next attempt or the next process.
  ///
  /// - Throws: why a chunk could not be written, which another attempt would not mend.
  private mutating func keepFinished() throws {
    guard let cutter = cutter.take() else { return }
    if let failure = cutter.failure { throw failure }
    let progress = cutter.progress
    guard !progress.chunks.isEmpty, let hash = cutter.resumableHash(progress) else {
      finished = CutProgress()
      finishedHash = SHA256()
      return
    }
    finished = progress
    finishedHash = hash
  }

  private func classify(_ error: any Error) -> any Error {
    guard let error = error as? TransferError else { return error }
    let shown = settings.location.shown
    switch error.kind {
    case .temporary: return Setback(why: error.description)
    case .permanent:
      return Failure(
        .unavailable, "unable to fetch \(shown): \(error)", hint: "check --source and any proxy")
    case .certificate:
      return Failure(
        .unavailable, "unable to fetch \(shown): \(error)",
        hints: [
          "check --source, the server's certificate and this machine's clock; verification is never switched off",
          "SSL_CERT_FILE names the certificates of an authority that the system does not know, for instance a proxy's",
        ])
    case .malformedURL:
      return Failure(.usage, "the source's URL cannot be used: \(error)", hint: "check --source")
    case .malformedProxy:
      return Failure(
        .unavailable, "unable to fetch \(shown): \(error)",
        hint:
          "correct https_proxy, http_proxy or all_proxy, such as http://user:password@host:3128; in a password write "
          + "%40 for @, %2F for /, %23 for # and %20 for a blank")
    case .unacceptable:
      return Failure(.data, "\(shown) answers with \(error)", hint: "this is not the registry's server: check --source")
    }
  }

  func tooLarge(_ what: String) -> Failure {
    Failure(
      .data, "the source at \(settings.location.shown) has \(what) the bound of \(settings.bytesMax) bytes",
      hint: "raise --max-bytes if it is right")
  }
}

/// Thrown inside a transfer to end it: all records that were asked for are there.
struct EnoughReceived: Error {}
