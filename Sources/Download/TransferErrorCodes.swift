import CLibCurl

extension TransferError {
  /// - Parameters:
  ///   - detail: libcurl's own words, which name hosts and ports but no credentials.
  ///   - isAnswered: whether a server was found by the URL: one that cannot be read is a redirect's then.
  init(_ code: CURLcode, detail: String, isAnswered: Bool) {
    var text = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    // The URL's own scheme was checked before: it is a redirect's.
    if code == CURLE_UNSUPPORTED_PROTOCOL { text = "it redirects to a scheme that is not https, which is refused" }
    description = "\(text) (curl \(code.rawValue))"
    switch code {
    case CURLE_URL_MALFORMAT: kind = isAnswered ? .permanent : .malformedURL
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE,
      CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
      CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_AGAIN, CURLE_OUT_OF_MEMORY, CURLE_WEIRD_SERVER_REPLY:
      kind = .temporary
    default: kind = .permanent
    }
  }
}
