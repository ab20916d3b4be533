import Spool

/// What a request asks for besides the URL.
struct Question {
  /// Where the answer may go on, with the validator that names the version; nil for all of it.
  let range: (offset: Int, validator: String)?
  /// The request is conditional: "only if it is not what the base has".
  let isConditional: Bool
  let headers: [String]

  init(resumeAt offset: Int, validator: String?, base: Base?, location: SourceLocation) {
    // Without compression on the way: the bytes are what is hashed, and ranges count them.
    var headers = ["Accept-Encoding: identity"]
    if offset > 0, let validator {
      range = (offset, validator)
      isConditional = false
      headers += ["Range: bytes=\(offset)-", "If-Range: \(validator)"]
    } else {
      range = nil
      let known = base.flatMap { $0.manifest.source.urlSHA256 == location.digest ? $0.manifest.source : nil }
      if let etag = known?.etag { headers.append("If-None-Match: \(etag)") }
      if let modified = known?.modifiedSince { headers.append("If-Modified-Since: \(modified)") }
      isConditional = known?.etag != nil || known?.modifiedSince != nil
    }
    self.headers = headers
  }
}
