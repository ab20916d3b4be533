import Glibc

/// libcurl's error text, if it can be printed without exposing a secret.
///
/// libcurl quotes a proxy's address in full if it cannot parse it. If a login contains a raw `/` or `#`, libcurl takes
/// the login's first part for host and port, and quotes these.
struct ErrorDetail {
  /// Empty if it may contain a secret.
  let text: String
  /// The full text, to tell errors apart; never printed.
  let whole: String
  let isMalformedProxy: Bool

  /// - Parameters:
  ///   - text: the content of libcurl's error buffer.
  ///   - addresses: the URL and the proxies' addresses, whose logins are secret.
  init(_ text: String, addresses: [String]) {
    whole = text
    isMalformedProxy = text.hasPrefix("Unsupported proxy")
    let logins = Set(addresses.flatMap { Self.words($0[..<($0.lastIndex(of: "@") ?? $0.startIndex)]) })
    let isSecret = text.contains("://") || text.contains("@") || !logins.isDisjoint(with: Self.words(text[...]))
    self.text = isMalformedProxy || isSecret ? "" : text
  }

  /// The addresses in the variables that libcurl reads.
  static var proxies: [String] {
    let names = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    return names.compactMap { name in
      getenv(name).map { (text: UnsafeMutablePointer<CChar>) in String(cString: text) }
    }
  }

  /// Splits a text into words, without a URL's scheme, which is not part of a login.
  private static func words(_ text: Substring) -> [Substring] {
    text.split { !$0.isLetter && !$0.isNumber }.filter { !["http", "https"].contains($0) }
  }
}
