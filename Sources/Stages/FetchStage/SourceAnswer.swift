import CommandKit
import HTTP
import Spool
import Support

/// The meaning of an answer's body, decided from the head before any byte of the body is used.
enum SourceAnswer {
  /// The whole source.
  ///
  /// - Parameter bytes: its size; nil if the answer does not give it.
  case whole(Source, bytes: Int?)
  /// The requested range, up to the end of the source.
  ///
  /// - Parameter total: size of the whole source in bytes.
  case rest(offset: Int, total: Int)
  /// No body: the source is unchanged since this snapshot.
  case unchanged(PreviousSnapshot)

  /// - Throws: ``RetryableError`` if another attempt may succeed, else a `Failure`.
  init(_ head: ResponseHead, to request: ConditionalRequest, at location: SourceLocation) throws {
    let status = head.status ?? 0
    switch (status, request.range, request.previous) {
    case (200, _, _): self = try Self.whole(head, to: request, at: location)
    case (206, let range?, _): self = try Self.rest(head, from: range.offset, of: range.version, at: location)
    case (206, nil, _):
      throw Failure(
        .unavailable, "unable to fetch \(location.shown): the server answers 206 to a request without a range",
        hint: "check --source")
    case (304, _, let previous?): self = .unchanged(previous)
    case (416, .some, _):
      throw RetryableError(
        why: "the server no longer has the requested range of the source", isImmediate: true, ranges: .forbidden)
    case (408, _, _), (429, _, _), (500...599, _, _):
      throw RetryableError(why: "the server answers \(status)", retryAfterSeconds: Self.retryAfter(head))
    case (407, _, _):
      throw Failure(
        .unavailable, "unable to fetch \(location.shown): the server answers 407, since the proxy requires a login",
        hint: "set user and password in http_proxy or https_proxy, such as http://user:password@host:3128")
    default:
      throw Failure(
        .unavailable, "unable to fetch \(location.shown): the server answers \(status)", hint: "check --source")
    }
  }

  private static func whole(
    _ head: ResponseHead, to request: ConditionalRequest, at location: SourceLocation
  ) throws -> SourceAnswer {
    try requireNoCoding(head, location)
    // With status 200 the body is the whole source, and Content-Range has no meaning (RFC 9110, 14.4). A header that
    // names less than the whole contradicts the status.
    if let text = head["content-range"], ContentRange(text).map({ $0.first > 0 || $0.last < $0.total - 1 }) ?? true {
      throw RetryableError(
        why: "the server answers 200 with a part of the source", isImmediate: request.range != nil, ranges: .forbidden)
    }
    let bytes = try promisedBytes(head, location)
    return .whole(Source(location, head, contentLength: bytes), bytes: bytes)
  }

  private static func rest(
    _ head: ResponseHead, from offset: Int, of version: Source, at location: SourceLocation
  ) throws -> SourceAnswer {
    try requireNoCoding(head, location)
    let part = Source(location, head, contentLength: nil)
    guard let range = ContentRange(head["content-range"] ?? ""), range.first == offset, range.last == range.total - 1,
      version.contentLength ?? range.total == range.total, version.vouches(for: part)
    else {
      // With other validators it may be another machine's answer: the next whole answer shows whether the bytes differ.
      throw RetryableError(
        why: "the server's range is not the rest of the same version: the download restarts", isImmediate: true,
        ranges: version.sameVersion(as: part) ? .forbidden : .notNext)
    }
    return .rest(offset: offset, total: range.total)
  }

  /// Content codings that change the body: the registered ones (IANA, HTTP Content Coding Registry) and common others.
  private static let codings: Set<String> = [
    "aes128gcm", "br", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "pack200-gzip", "x-compress", "x-gzip",
    "zstd", "bzip2", "lz4", "lzma", "sdch", "x-bzip2", "x-lzma", "x-xz", "xz",
  ]

  /// Refuses a body that is coded although no coding was requested.
  ///
  /// Servers also send values of Content-Encoding that change no byte: empty, `identity`, `aws-chunked` or a character
  /// set. Any word that names no coding is accepted: the check of the source's header finds bytes that are not CSV.
  private static func requireNoCoding(_ head: ResponseHead, _ location: SourceLocation) throws {
    let words = head.all("content-encoding").flatMap {
      $0.lowercased().split { $0 == "," || $0 == ";" || $0.isWhitespace }
    }
    // libcurl decodes every transfer coding that it knows, even one that was not requested.
    let transfer = head.all("transfer-encoding").filter { !["chunked", "identity"].contains($0.lowercased()) }
    guard let coding = words.map(String.init).first(where: codings.contains) ?? transfer.first else { return }
    throw Failure(
      .data, "unable to fetch \(location.shown): the answer has coding '\(coding.prefix(40))', which was not requested",
      hint: "check --source and any proxy on the way")
  }

  /// The announced size of the body in bytes; nil if the answer gives none.
  ///
  /// libcurl ignores a malformed length and would accept a truncated answer as complete. With chunked encoding the
  /// length is ignored (RFC 9112, section 6.3).
  private static func promisedBytes(_ head: ResponseHead, _ location: SourceLocation) throws -> Int? {
    let lengths = head.all("content-length")
    guard let text = lengths.first, head["transfer-encoding"] == nil else { return nil }
    guard Set(lengths).count == 1, text.isDigits, let bytes = Int(text) else {
      let shown = lengths.map { $0.prefix(40) }.prefix(3).joined(separator: "', '")
      throw Failure(
        .unavailable, "unable to fetch \(location.shown): its Content-Length '\(shown)' is not one number of bytes",
        hint: "check --source and any proxy on the way")
    }
    return bytes
  }

  /// Seconds to wait, from a number or a date (RFC 9110, 10.2.3); nil if the answer gives none.
  private static func retryAfter(_ head: ResponseHead) -> Int? {
    guard let text = head["retry-after"] else { return nil }
    if text.isDigits { return Int(text) ?? Int.max }
    guard let then = HTTPDate.seconds(text) else { return nil }
    let now = head["date"].flatMap(HTTPDate.seconds) ?? Timestamp.secondsSince1970()
    return max(0, then - now)
  }
}

/// An error after which another attempt may succeed.
struct RetryableError: Error {
  var why: String
  var retryAfterSeconds: Int?
  /// Retry without a wait: the server is working, and the next request is a different one.
  var isImmediate = false
  var ranges = Ranges.allowed

  /// Whether later requests may ask for a range.
  enum Ranges {
    case allowed
    /// The next request asks for the whole source.
    case notNext
    /// The server's ranges cannot be trusted: no further range is requested.
    case forbidden
  }
}

/// `Content-Range: bytes 100-199/200`
private struct ContentRange {
  let first: Int
  let last: Int
  let total: Int

  init?(_ text: String) {
    guard text.lowercased().hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst(6).split(separator: "/")
    guard parts.count == 2, let total = Int(parts[1]) else { return nil }
    let ends = parts[0].split(separator: "-")
    guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first >= 0, first <= last, last < total
    else { return nil }
    (self.first, self.last, self.total) = (first, last, total)
  }
}

extension String {
  fileprivate var isDigits: Bool { !isEmpty && utf8.allSatisfy { (0x30...0x39).contains($0) } }
}
