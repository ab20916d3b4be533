import Glibc

/// What libcurl says of an error, where it may be printed.
///
/// libcurl quotes the proxy's address whole where it cannot read it, and of a login with a raw `/` or `#` in it takes
/// the first part for a host and a port, which it names.
struct ErrorDetail {
  /// Empty where it may have a secret in it.
  let text: String
  /// All of it, to tell errors apart by and not to be printed.
  let whole: String
  let isMalformedProxy: Bool

  /// - Parameters:
  ///   - text: what libcurl left in its error buffer.
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

  /// The scheme of a URL is no part of its login.
  private static func words(_ text: Substring) -> [Substring] {
    text.split { !$0.isLetter && !$0.isNumber }.filter { !["http", "https"].contains($0) }
  }
}
