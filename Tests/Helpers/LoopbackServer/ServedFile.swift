/// A file and the properties of a correct server that serves it. Faults are in `Attempt`.
public struct ServedFile: Sendable {
  public enum DateHeader: Sendable, Equatable {
    case now
    case fixed(String)
    /// This many seconds after `lastModified`: 60 make it a strong validator, 59 do not (RFC 9110, 8.8.2.2).
    case afterLastModified(Int)
    case none
  }

  public enum Length: Sendable, CaseIterable {
    case contentLength
    case chunked
    case untilClose
  }

  public enum IfRange: Sendable, Equatable {
    /// Sends the range only if the ETag matches strongly or the date equals `lastModified`; otherwise the whole file.
    case honoured
    /// Sends the range and ignores If-Range: a client that does not check the validator splices two versions.
    case ignored
  }

  public var content: Content
  public var lastModified: String?
  /// The header's value with its quotes: `"a"` or `W/"a"`.
  public var etag: String?
  public var date = DateHeader.now
  public var length = Length.contentLength
  public var acceptsRanges = true
  public var ifRange = IfRange.honoured
  /// Whether If-None-Match and If-Modified-Since are answered with 304.
  public var answersConditions = true
  public var contentType: String? = "text/csv"
  /// Only the header: the content is sent unchanged.
  public var contentEncoding: String?
  public var headers: Headers = [:]

  public init(_ content: Content, lastModified: String? = nil, etag: String? = nil) {
    self.content = content
    self.lastModified = lastModified
    self.etag = etag
  }

  public init(_ bytes: [UInt8], lastModified: String? = nil, etag: String? = nil) {
    self.init(Content(bytes), lastModified: lastModified, etag: etag)
  }

  public init(_ text: String, lastModified: String? = nil, etag: String? = nil) {
    self.init(Content(text), lastModified: lastModified, etag: etag)
  }

  /// Returns a changed copy.
  public func with(_ change: (inout ServedFile) -> Void) -> ServedFile {
    var copy = self
    change(&copy)
    return copy
  }

  /// The headers Date, Last-Modified and ETag.
  var validators: Headers {
    var headers: Headers = [:]
    headers["Date"] =
      switch date {
      case .now: HTTPDate.string(HTTPDate.now)
      case .fixed(let text): text
      case .afterLastModified(let seconds):
        lastModified.flatMap(HTTPDate.seconds).map { HTTPDate.string($0 + seconds) }
      case .none: nil
      }
    headers["Last-Modified"] = lastModified
    headers["ETag"] = etag
    return headers
  }
}
