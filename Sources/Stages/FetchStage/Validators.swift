import CommandKit
import Glibc
import HTTP
import Spool

/// Which validators an answer gives for its version of the source.
extension Source {
  /// The validator by which a Range request may safely go on (If-Range): a strong ETag, or a Last-Modified at least
  /// 60 seconds older than the Date beside it (RFC 9110, 8.8.2.2); nil where the answer gives neither.
  var strongValidator: String? {
    if let etag { return etag.hasPrefix("\"") ? etag : nil }
    guard let lastModified, let modified = HTTPDate.seconds(lastModified), let date, let now = HTTPDate.seconds(date),
      now - modified >= 60
    else { return nil }
    return lastModified
  }

  /// The date for If-Modified-Since; nil if the answer has no date, or one later than its own Date (RFC 9110, section
  /// 8.8.2.1) or than our clock. With a future date, a server that compares dates would call every later file
  /// unchanged.
  var modifiedSince: String? {
    guard let lastModified, let modified = HTTPDate.seconds(lastModified) else { return lastModified }
    let now = Timestamp.secondsSince1970()
    return modified <= min(now, date.flatMap(HTTPDate.seconds) ?? now) ? lastModified : nil
  }

  /// Whether another answer is of the same version, as far as the two say: what both give must be equal.
  func sameVersion(as other: Source) -> Bool {
    if let etag, let theirs = other.etag, etag != theirs { return false }
    if let lastModified, let theirs = other.lastModified, lastModified != theirs { return false }
    if let contentLength, let theirs = other.contentLength, contentLength != theirs { return false }
    return true
  }

  /// Whether chunks of another whole answer may join those begun by this one. Where a strong validator may later vouch
  /// for all of them by Range, only an answer that bears the very same may.
  func mayTakeChunks(of other: Source) -> Bool {
    sameVersion(as: other) && (strongValidator == nil || strongValidator == other.strongValidator)
  }

  /// Whether a partial answer names the version that this one's validator does. Saying nothing is not enough: a server
  /// that does not know If-Range would give the rest of another version.
  func vouches(for part: Source) -> Bool {
    guard sameVersion(as: part) else { return false }
    return etag != nil ? part.etag == etag : part.lastModified == lastModified
  }

  init(_ location: SourceLocation, _ head: ResponseHead, contentLength: Int?) {
    // They go back to the server as they are: nothing in them may end a header and begin another.
    func text(_ name: String) -> String? {
      head[name].flatMap { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? nil : $0 }
    }
    self.init(
      url: location.shown, urlSHA256: location.digest, etag: text("etag"), lastModified: text("last-modified"),
      date: text("date"), contentLength: contentLength)
  }
}

/// Dates as HTTP writes them: `Sun, 19 Jul 2026 21:12:27 GMT` (RFC 9110, 5.6.7; the two obsolete forms are not read).
enum HTTPDate {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Seconds since 1970; nil where the text is no such date.
  static func seconds(_ text: String) -> Int? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", words[0].hasSuffix(","), let day = Int32(words[1]),
      let month = months.firstIndex(of: String(words[2])), let year = Int32(words[3])
    else { return nil }
    let clock = words[4].split(separator: ":").compactMap { Int32($0) }
    guard clock.count == 3, (1...31).contains(day), (1970...9999).contains(year), (0...23).contains(clock[0]),
      (0...59).contains(clock[1]), (0...60).contains(clock[2])
    else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (clock[0], clock[1], clock[2])
    return timegm(&parts)
  }
}
