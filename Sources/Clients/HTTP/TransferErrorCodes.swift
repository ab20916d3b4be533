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
    case CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR, CURLE_SEND_ERROR:
      // With TLS 1.3 a server refuses the client after the handshake, when the response is read already.
      kind = PermanentTLSError(in: detail.whole) == nil ? .temporary : .permanent
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
      kind = .certificate
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE,
      CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING, CURLE_PROXY, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_AGAIN,
      CURLE_OUT_OF_MEMORY:
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

/// A TLS error that another attempt would meet again, found by its number in OpenSSL, which libcurl passes on as
/// `error:0A00010B:…`: the library (0A is TLS), then the reason. All other errors may be temporary, for instance a
/// connection that ends during the handshake, or a record that was damaged on its way.
private struct PermanentTLSError {
  /// A received alert's reason is this plus the alert's number (SSL_AD_REASON_OFFSET in openssl/ssl.h).
  private static let alertBase = 1000

  /// Alerts with which a server reports that the two sides do not fit, or refuses the client: RFC 8446, section 6.2, with
  /// those of earlier versions in RFC 5246, section 7.2, and RFC 6066, section 9.
  private static let alerts: Set<Int> = [
    40,  // handshake_failure
    41,  // no_certificate
    42,  // bad_certificate
    43,  // unsupported_certificate
    44,  // certificate_revoked
    45,  // certificate_expired
    46,  // certificate_unknown
    48,  // unknown_ca
    49,  // access_denied
    60,  // export_restriction
    70,  // protocol_version
    71,  // insufficient_security
    86,  // inappropriate_fallback
    100,  // no_renegotiation
    109,  // missing_extension
    110,  // unsupported_extension
    111,  // certificate_unobtainable
    112,  // unrecognized_name
    113,  // bad_certificate_status_response
    114,  // bad_certificate_hash_value
    115,  // unknown_psk_identity
    116,  // certificate_required
    120,  // no_application_protocol
    121,  // ech_required
  ]

  /// What OpenSSL itself refuses about the server's configuration: SSL_R_… in openssl/sslerr.h.
  private static let reasons: Set<Int> = [
    0x9B,  // HTTPS_PROXY_REQUEST
    0x9C,  // HTTP_REQUEST
    0xA6,  // VERSION_TOO_HIGH
    0xB5,  // NO_CIPHERS_AVAILABLE
    0xBF,  // NO_PROTOCOLS_AVAILABLE
    0xC1,  // NO_SHARED_CIPHER
    0xF8,  // UNKNOWN_CIPHER_RETURNED
    0xFC,  // UNKNOWN_PROTOCOL
    0xFE,  // UNKNOWN_SSL_VERSION
    0x102,  // UNSUPPORTED_PROTOCOL
    0x103,  // UNSUPPORTED_SSL_VERSION
    0x105,  // WRONG_CIPHER_RETURNED
    0x10A,  // WRONG_SSL_VERSION
    0x10B,  // WRONG_VERSION_NUMBER
    0x13B,  // UNSUPPORTED_ELLIPTIC_CURVE
    0x14D,  // LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED
    0x152,  // UNSAFE_LEGACY_RENEGOTIATION_DISABLED
    0x172,  // WRONG_SIGNATURE_TYPE
    0x17A,  // WRONG_CURVE
    0x18A,  // DH_KEY_TOO_SMALL
    0x18C,  // VERSION_TOO_LOW
  ]

  /// - Parameter text: libcurl's error text.
  init?(in text: String) {
    guard let number = text.firstRange(of: "error:0A")?.upperBound,
      let reason = Int(text[number...].prefix(6), radix: 16),
      Self.reasons.contains(reason) || Self.alerts.contains(reason - Self.alertBase)
    else { return nil }
  }
}
