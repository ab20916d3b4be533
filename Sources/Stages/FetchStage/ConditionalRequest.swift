import Spool

/// The conditions of a request: the rest of a version of which a part is already here, or the whole source unless it is
/// unchanged since the previous snapshot.
struct ConditionalRequest {
  /// The offset to resume at and the version that the answer must be of; nil for the whole source.
  let range: (offset: Int, version: Source)?
  /// The snapshot since which the source may be unchanged; nil if the request does not ask that.
  let previous: PreviousSnapshot?
  let headers: [String]

  /// - Parameters:
  ///   - offset: number of bytes of the version that are already here.
  ///   - version: nil if a range must not be requested.
  init(resumeAt offset: Int, of version: Source?, previous: PreviousSnapshot?, location: SourceLocation) {
    // Without compression: the source's own bytes are hashed, and ranges count them.
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
