import CommandKit
import Glibc
import HTTP
import Spool

/// The validators of an answer, which identify its version of the source.
extension Source {
  /// The validator with which a Range request can resume safely (If-Range): a strong ETag, or a Last-Modified at least
  /// 60 seconds older than the answer's Date (RFC 9110, 8.8.2.2); nil if the answer gives neither.
  var strongValidator: String? {
    if let etag { return etag.hasPrefix("\"") ? etag : nil }
    guard let lastModified, let modified = HTTPDate.seconds(lastModified), let date, let now = HTTPDate.seconds(date),
      now - modified >= 60
    else { return nil }
    return lastModified
  }

  /// The date for If-Modified-Since; nil if the answer has no date, or one later than its own Date (RFC 9110, section
  /// 8.8.2.1) or than our clock. With a future date, a server that compares dates would report every later file as
  /// unchanged.
  var modifiedSince: String? {
    guard let lastModified, let modified = HTTPDate.seconds(lastModified) else { return lastModified }
    let now = Timestamp.secondsSince1970()
    return modified <= min(now, date.flatMap(HTTPDate.seconds) ?? now) ? lastModified : nil
  }

  /// Whether another answer may be of the same version: every validator that both answers give must be equal.
  func sameVersion(as other: Source) -> Bool {
    if let etag, let theirs = other.etag, etag != theirs { return false }
    if let lastModified, let theirs = other.lastModified, lastModified != theirs { return false }
    if let contentLength, let theirs = other.contentLength, contentLength != theirs { return false }
    return true
  }

  /// Whether a Range request for the other version's rest may be answered with this one's. Both versions then have the
  /// same strong validator, or neither has one.
  func isInterchangeable(with other: Source) -> Bool {
    sameVersion(as: other) && strongValidator == other.strongValidator
  }

  /// Whether a partial answer names the same version as this one's validator. An answer without a validator is not
  /// accepted: a server that does not know If-Range would send the rest of another version.
  func vouches(for part: Source) -> Bool {
    guard sameVersion(as: part) else { return false }
    return etag != nil ? part.etag == etag : part.lastModified == lastModified
  }

  init(_ location: SourceLocation, _ head: ResponseHead, contentLength: Int?) {
    // The values are sent back to the server unchanged. A control character could end the header and begin another.
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

  /// Seconds since 1970; nil if the text is not such a date.
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
