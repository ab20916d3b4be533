import Failures
import HTTP
import Spool
import StageKit

/// Judging an answer by its head, before a byte of its body counts.
extension WebDownload {
  mutating func take(_ head: ResponseHead) throws {
    let status = head.status ?? 0
    switch status {
    case 200: try beginWhole(head)
    case 206: try beginRange(head)
    case 304 where question.isConditional: isUnchanged = true
    case 416 where question.range != nil:
      mayResume = false
      throw Setback(why: "the server has no such range of the source any more", isImmediate: true)
    case 408, 429, 500...599:
      throw Setback(why: "the server answers \(status)", retryAfterSeconds: retryAfter(head))
    default:
      throw Failure(
        .unavailable, "unable to fetch \(settings.location.shown): the server answers \(status)",
        hint: status == 407 ? "the proxy wants a login: give it in http_proxy or https_proxy" : "check --source")
    }
  }

  private mutating func beginWhole(_ head: ResponseHead) throws {
    try checkCoding(head)
    // A status of 200 says that the body is all of it, whatever this header says (RFC 9110, 14.4).
    if let text = head["content-range"], ContentRange(text).map({ $0.first > 0 || $0.last < $0.total - 1 }) ?? true {
      mayResume = false
      throw Setback(why: "the server answers 200 with a part of the source", isImmediate: question.range != nil)
    }
    let length = try promisedLength(head)
    if let length, length > settings.bytesMax { throw tooLarge("\(length) bytes, more than") }
    if settings.terms.limit == nil { try Disk.check(settings.spool, sourceBytes: length ?? 0) }
    total = length
    let now = Source(settings.location, head, contentLength: length)
    if let earlier = store, !earlier.download.source.mayTakeChunks(of: now) {
      source.log.info("the source is newer than snapshot \(earlier.folder.id), which stays as superseded")
      store = nil
    } else if store != nil, resumeOffset > 0 {
      source.log.info("the download starts over: finished chunks are kept where their bytes come out the same")
    }
    if store == nil {
      let (folder, download) = try Fetcher.begin(settings, now)
      store = SpoolChunkStore(folder: folder, download: download, log: source.log)
    }
    try open(resuming: false)
  }

  private mutating func beginRange(_ head: ResponseHead) throws {
    guard let range = question.range, let store else {
      throw Failure(
        .unavailable, "\(settings.location.shown) answers 206 to a request without a range", hint: "check --source")
    }
    try checkCoding(head)
    let known = store.download.source
    let now = Source(settings.location, head, contentLength: nil)
    guard let place = ContentRange(head["content-range"] ?? ""), place.first == range.offset,
      place.last == place.total - 1, known.contentLength ?? place.total == place.total, known.vouches(for: now)
    else {
      mayResume = false
      throw Setback(
        why: "the server's range is not the rest of the same version: the download starts over", isImmediate: true)
    }
    source.log.info("the download goes on at byte \(range.offset) of \(place.total)")
    total = place.total
    offset = range.offset
    try open(resuming: true)
  }

  private func checkCoding(_ head: ResponseHead) throws {
    // libcurl undoes any transfer coding that it knows, asked for or not.
    let codings = head.all("content-encoding") + head.all("transfer-encoding").filter { $0.lowercased() != "chunked" }
    guard let coding = codings.first(where: { $0.lowercased() != "identity" }) else { return }
    throw Failure(
      .data, "\(settings.location.shown) answers with coding '\(coding.prefix(40))', which was not asked for",
      hint: "check --source and any proxy on the way")
  }

  /// How many bytes the body is to have; nil where only its end will tell.
  ///
  /// libcurl ignores a malformed length and would take a cut answer for a complete one. With chunked encoding the
  /// length is ignored (RFC 9112, section 6.3).
  private func promisedLength(_ head: ResponseHead) throws -> Int? {
    let lengths = Set(head.all("content-length"))
    guard let text = lengths.first, head["transfer-encoding"] == nil else { return nil }
    guard lengths.count == 1, text.isDigits else {
      throw Setback(why: "the answer's Content-Length is no number")
    }
    return Int(text) ?? Int.max
  }

  /// Seconds to wait, from a number or a date (RFC 9110, 10.2.3); nil where there is none.
  private func retryAfter(_ head: ResponseHead) -> Int? {
    guard let text = head["retry-after"] else { return nil }
    if text.isDigits { return Int(text) ?? Int.max }
    guard let then = HTTPDate.seconds(text) else { return nil }
    let now = head["date"].flatMap(HTTPDate.seconds) ?? Clock.secondsSince1970()
    return max(0, then - now)
  }
}

extension String {
  fileprivate var isDigits: Bool { !isEmpty && utf8.allSatisfy { (0x30...0x39).contains($0) } }
}
