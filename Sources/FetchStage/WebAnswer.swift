import Download
import Failures
import Spool
import StageKit

/// Judging an answer by its head, before a byte of its body counts.
extension WebDownload {
  mutating func take(_ head: ResponseHead) throws {
    switch head.status {
    case 200: try beginWhole(head)
    case 206: try beginRange(head)
    case 304 where question.isConditional: isUnchanged = true
    case 416 where question.range != nil:
      mayResume = false
      throw Setback(why: "the server has no such range of the source any more", isImmediate: true)
    case 408, 429, 500...599:
      throw Setback(why: "the server answers \(head.status)", retryAfterSeconds: retryAfter(head))
    default:
      throw Failure(
        .unavailable, "unable to fetch \(settings.location.shown): the server answers \(head.status)",
        hint: "check --source")
    }
  }

  private mutating func beginWhole(_ head: ResponseHead) throws {
    let length = head["content-length"].flatMap { Int($0) }
    try checkCoding(head)
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
      place.last == place.total - 1, known.contentLength ?? place.total == place.total, known.sameVersion(as: now)
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
    guard let coding = head["content-encoding"], coding.lowercased() != "identity" else { return }
    throw Failure(
      .data, "\(settings.location.shown) answers with content coding '\(coding)', which was not asked for",
      hint: "check --source and any proxy on the way")
  }

  /// Seconds to wait, from a number or a date (RFC 9110, 10.2.3); nil where there is none.
  private func retryAfter(_ head: ResponseHead) -> Int? {
    guard let text = head["retry-after"] else { return nil }
    if let seconds = Int(text), seconds >= 0 { return seconds }
    guard let then = HTTPDate.seconds(text) else { return nil }
    let now = head["date"].flatMap(HTTPDate.seconds) ?? Clock.secondsSince1970()
    return max(0, then - now)
  }
}
