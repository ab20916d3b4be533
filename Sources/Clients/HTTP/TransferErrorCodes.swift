import CLibCurl

extension TransferError {
  /// - Parameters:
  ///   - detail: libcurl's own words.
  ///   - head: the last head that came, or its beginning.
  ///   - proxyStatus: what a proxy answered to CONNECT, or 0.
  init(_ code: CURLcode, detail: ErrorDetail, head: ResponseHead, proxyStatus: Int) {
    let isRedirect = head.isComplete && head.status.map((300...399).contains) ?? false
    let isProxyRefusal = (400...499).contains(proxyStatus) && ![408, 429].contains(proxyStatus)
    var text = detail.text.isEmpty ? String(cString: curl_easy_strerror(code)) : detail.text
    switch code {
    case _ where detail.isMalformedProxy:
      text = "the proxy's address is malformed"
      kind = .malformedProxy
    case CURLE_COULDNT_RESOLVE_PROXY:
      text = "the proxy's name cannot be resolved"
      kind = .temporary
    case CURLE_URL_MALFORMAT where !isRedirect: kind = .malformedURL
    case CURLE_UNSUPPORTED_PROTOCOL where isRedirect:
      // The URL's own scheme was checked before.
      text = "it redirects to a scheme that is not https, which is refused"
      kind = .permanent
    case CURLE_OUT_OF_MEMORY where !head.isComplete, Self.tooLarge where !head.isComplete:
      text = "a header line that does not end"
      kind = .unacceptable
    case CURLE_RECV_ERROR where isProxyRefusal, CURLE_COULDNT_CONNECT where isProxyRefusal:
      text = "the proxy refuses the connection: it answers \(proxyStatus)"
      kind = .permanent
    case CURLE_BAD_CONTENT_ENCODING:
      text = "a transfer coding that was not asked for"
      kind = .unacceptable
    case CURLE_SSL_CONNECT_ERROR: kind = OpenSSLReason(in: detail.whole) == nil ? .temporary : .permanent
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
      kind = .certificate
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE,
      CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PROXY, CURLE_HTTP2,
      CURLE_HTTP2_STREAM, CURLE_AGAIN, CURLE_OUT_OF_MEMORY,
      // No status line: "HTTP/0.9".
      CURLE_UNSUPPORTED_PROTOCOL:
      kind = .temporary
    default: kind = .permanent
    }
    description = "\(text) (curl \(code.rawValue))"
  }

  /// CURLE_TOO_LARGE, which came with 8.6: before it was "out of memory".
  private static let tooLarge = CURLcode(rawValue: 100)
}

/// Why a handshake fails that would fail again: OpenSSL's numbers, which libcurl hands on as `error:0A00010B:…`. All
/// else, as a connection that ends in the handshake, may pass.
private enum OpenSSLReason: String, CaseIterable {
  case unsupportedProtocol = "0A000102"
  case wrongVersionNumber = "0A00010B"
  case noProtocolsAvailable = "0A0000BF"
  case noSharedCipher = "0A0000C1"
  case alertHandshakeFailure = "0A000410"
  case alertProtocolVersion = "0A00042E"
  case alertInsufficientSecurity = "0A00042F"

  init?(in text: String) {
    guard let reason = Self.allCases.first(where: { text.contains("error:\($0.rawValue):") }) else { return nil }
    self = reason
  }
}
