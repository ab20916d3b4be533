import CLibCurl

extension TransferError {
  /// Classifies an error of libcurl.
  ///
  /// - Parameters:
  ///   - detail: libcurl's error text.
  ///   - head: the last head, or the part of it that arrived.
  ///   - proxyStatus: the status of a proxy's answer to CONNECT, or 0.
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
      // The caller has checked the scheme of the URL itself.
      text = "the server redirects to a scheme that is not https, which is refused"
      kind = .permanent
    case CURLE_OUT_OF_MEMORY where !head.isComplete, Self.tooLarge where !head.isComplete:
      text = "a header line is too long"
      kind = .unacceptable
    case CURLE_RECV_ERROR where isProxyRefusal, CURLE_COULDNT_CONNECT where isProxyRefusal:
      text = "the proxy refuses the connection with status \(proxyStatus)"
      kind = .permanent
    case CURLE_BAD_CONTENT_ENCODING:
      text = "a transfer coding that was not requested"
      kind = .unacceptable
    case CURLE_SSL_CONNECT_ERROR: kind = OpenSSLReason(in: detail.whole) == nil ? .temporary : .permanent
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
      kind = .certificate
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE,
      CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PROXY, CURLE_HTTP2,
      CURLE_HTTP2_STREAM, CURLE_AGAIN, CURLE_OUT_OF_MEMORY:
      kind = .temporary
    default:
      // Among others CURLE_UNSUPPORTED_PROTOCOL: the server speaks another protocol, or none ("HTTP/0.9"). libcurl
      // reports a status line that is cut off as an empty reply instead.
      kind = .permanent
    }
    description = "\(text) (curl \(code.rawValue))"
  }

  /// CURLE_TOO_LARGE, new in libcurl 8.6. Earlier versions report "out of memory".
  private static let tooLarge = CURLcode(rawValue: 100)
}

/// Handshake errors that a retry cannot fix: OpenSSL's error codes, which libcurl passes on as `error:0A00010B:…`. All
/// others are retryable, for instance a connection that ends during the handshake.
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
