import Spool

/// What a request asks for besides the URL: the rest of a version that is here in part, or all of the source unless it
/// is the previous snapshot's.
struct ConditionalRequest {
  /// Where the answer may go on, and the version it has to be of; nil for all of it.
  let range: (offset: Int, version: Source)?
  /// The answer may be that the source is still this snapshot's.
  let previous: PreviousSnapshot?
  let headers: [String]

  /// - Parameters:
  ///   - offset: how many bytes of the version are here.
  ///   - version: nil where a range may not be asked for.
  init(resumeAt offset: Int, of version: Source?, previous: PreviousSnapshot?, location: SourceLocation) {
    // Without compression on the way: the bytes are what is hashed, and ranges count them.
    var headers = ["Accept-Encoding: identity"]
    if offset > 0, let version, let validator = version.strongValidator {
      range = (offset, version)
      self.previous = nil
      headers += ["Range: bytes=\(offset)-", "If-Range: \(validator)"]
    } else {
      range = nil
      let known = previous.flatMap { $0.manifest.source.urlSHA256 == location.digest ? $0.manifest.source : nil }
      if let etag = known?.etag { headers.append("If-None-Match: \(etag)") }
      if let modified = known?.modifiedSince { headers.append("If-Modified-Since: \(modified)") }
      self.previous = headers.count > 1 ? previous : nil
    }
    self.headers = headers
  }
}
