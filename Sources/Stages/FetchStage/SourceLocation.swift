import Digest
import Spool
import Support

/// The location of the source: on the web, in a file or in a stream.
public enum SourceLocation: Sendable, Equatable {
  case web(url: String)
  /// A file or a named pipe.
  case file(path: String)
  /// An open descriptor of this process, such as stdin.
  case descriptor(Int32)
  /// The sample that ships with the project, wherever it is installed.
  case sample(path: String)

  /// The published file, and the CSV that it contains, published beside it.
  public static let published = Self.web(url: "https://eip.fia.gov.tw/data/BGMOPEN1.zip")
  public static let publishedCSV = Self.web(url: "https://eip.fia.gov.tw/data/BGMOPEN1.csv")

  /// - Parameter isArgument: whether the text is from the command line, which every user of the machine can read.
  /// - Throws: category `usage` if the text names no supported source.
  public init(_ text: String, isArgument: Bool) throws(Failure) {
    let lower = text.lowercased()
    if let descriptor = Self.descriptor(text) {
      self = .descriptor(descriptor)
    } else if lower.hasPrefix("file://") {
      // RFC 8089: the host is this machine.
      let host = lower.hasPrefix("file://localhost/") ? "localhost" : ""
      let encoded = text.dropFirst(7 + host.count)
      guard encoded.hasPrefix("/") else {
        throw Failure(
          .usage, "the source is a file URL that names another host",
          hint: "write three slashes before the path: file:///…")
      }
      guard let path = encoded.percentDecoded, !path.contains("\0") else {
        throw Failure(
          .usage, "the source is a file URL with a '%' that begins no UTF-8 character",
          hint: "write '%' as %25, or give the path instead of a URL")
      }
      self = .file(path: try Self.path(path))
    } else if let end = lower.range(of: "://") {
      let scheme = String(text[..<end.lowerBound])
      // The message does not quote the text before `://`, which may be a login.
      guard scheme.isScheme else { throw Failure(.usage, "the source is not a valid URL", hint: Self.example) }
      guard let url = WebAddress(text) else {
        throw Failure(.usage, "'\(scheme)://…' is not a valid URL", hint: Self.example)
      }
      guard url.scheme == "https" || url.scheme == "http" else {
        throw Failure(
          .usage, "the source's scheme '\(url.scheme)' is not supported", hint: "give an https URL or a path")
      }
      guard url.scheme == "https" || url.isLoopback else {
        throw Failure(
          .usage, "plain http to '\(url.host)' is refused: the data could be changed in transit", hint: "use https")
      }
      guard !isArgument || url.password == nil else {
        throw Failure(
          .usage, "--source holds a password, which everybody on this machine could read",
          hint: "set SOURCE_URL instead")
      }
      self = .web(url: text)
    } else {
      self = .file(path: try Self.path(text))
    }
  }

  /// The descriptor that `-`, `/dev/stdin` or `/dev/fd/N` names; nil for other texts. Opening such a path instead would
  /// read a file from its start, and cannot open a socket or another user's pipe.
  private static func descriptor(_ text: String) -> Int32? {
    if text == "-" || text == "/dev/stdin" { return 0 }
    guard text.hasPrefix("/dev/fd/"), text.utf8.dropFirst(8).allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int32(text.dropFirst(8))
  }

  /// - Throws: if there is no such file and the text looks like a mistyped URL. The message does not quote it, since it
  ///   may hold a password.
  private static func path(_ text: String) throws(Failure) -> String {
    guard text.looksLikeURL, !SpoolFile.isThere(text) else { return text }
    throw Failure(.usage, "the source is neither a file nor a valid URL", hint: example)
  }

  private static let example: Hint = "for example \(published.shown)"

  /// The source for messages and manifests: without user, password, the values of a query and parameters in the path.
  public var shown: String {
    switch self {
    case .file(let path): path
    case .descriptor(let number): number == 0 ? "stdin" : "/dev/fd/\(number)"
    case .sample(let path): "sample:" + Folder.name(of: path)
    case .web(let url): WebAddress(url)?.shown ?? "a URL"
    }
  }

  /// SHA-256 that identifies the source, with the values of its query, but without user and password.
  var digest: String {
    switch self {
    case .file(let path): SHA256.of(Array(path.utf8))
    case .sample, .descriptor: SHA256.of(Array(shown.utf8))
    case .web(let url): SHA256.of(Array((WebAddress(url)?.withoutLogin ?? url).utf8))
    }
  }
}

/// The parts of a URL that decide whether it is accepted and how it is shown.
struct WebAddress {
  let scheme: String
  let user: String?
  let password: String?
  let host: String
  private let port: String
  private let path: String
  private let query: String?

  init?(_ text: String) {
    guard let colon = text.range(of: "://") else { return nil }
    guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && $0 != "\\" }) else { return nil }
    scheme = text[..<colon.lowerBound].lowercased()
    let rest = text[colon.upperBound...]
    let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    var authority = rest[..<authorityEnd]
    if let at = authority.lastIndex(of: "@") {
      let login = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      user = login.first.map(String.init)
      password = login.count > 1 ? String(login[1]) : nil
      authority = authority[authority.index(after: at)...]
    } else {
      user = nil
      password = nil
    }
    let hostEnd =
      authority.hasPrefix("[")
      ? authority.firstIndex(of: "]").map { authority.index(after: $0) } ?? authority.endIndex
      : authority.firstIndex(of: ":") ?? authority.endIndex
    host = authority[..<hostEnd].lowercased()
    port = String(authority[hostEnd...])
    let tail = rest[authorityEnd...].prefix { $0 != "#" }
    let mark = tail.firstIndex(of: "?") ?? tail.endIndex
    path = String(tail[..<mark])
    query = mark < tail.endIndex ? String(tail[tail.index(after: mark)...]) : nil
    // If a login contains a raw `/`, `?` or `#`, its first part looks like the host, or host and port, and the rest
    // would be printed. A host with a dot and no port may have an `@` in its path.
    let isPlainHost = port.isEmpty && (host.contains(".") || host.hasPrefix("["))
    let isLoginCut =
      !isPlainHost && (path + rest[authorityEnd...].drop { $0 != "#" }).contains("@")
      || path.isEmpty && query?.contains("@") ?? false
    guard !host.isEmpty, port.isEmpty || port.isPort, !isLoginCut else { return nil }
  }

  var isLoopback: Bool {
    if host == "localhost" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  var withoutLogin: String { "\(scheme)://\(host)\(port)\(path)" + (query.map { "?" + $0 } ?? "") }

  var shown: String {
    // A path may have parameters after a `;`, such as a session.
    let plain = path.firstIndex(of: ";").map { path[..<$0] + ";…" } ?? path
    var text = "\(scheme)://\(host)\(port)\(plain)"
    if let query {
      text +=
        "?"
        + query.split(separator: "&").map { part in
          part.firstIndex(of: "=").map { part[..<$0] + "=…" } ?? "…"
        }.joined(separator: "&")
    }
    return text
  }
}

extension Substring {
  /// The text with each `%41` replaced by its byte (RFC 3986, 2.1); nil if two hexadecimal digits are missing or the
  /// result is not UTF-8.
  fileprivate var percentDecoded: String? {
    let parts = utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false)
    var bytes = Array(parts[0])
    for part in parts.dropFirst() {
      guard let digits = String(part.prefix(2)), digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit),
        let byte = UInt8(digits, radix: 16)
      else { return nil }
      bytes.append(byte)
      bytes += part.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension String {
  /// Whether it is a scheme by RFC 3986.
  fileprivate var isScheme: Bool {
    first.map { $0.isASCII && $0.isLetter } ?? false
      && allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
  }

  /// Whether it seems to have a scheme, a login or a query, even if mistyped.
  fileprivate var looksLikeURL: Bool {
    let colon = firstIndex(of: ":")
    if lowercased().hasPrefix("http") || colon.map({ String(self[..<$0]).isScheme }) ?? false { return true }
    if let colon, self[colon...].contains("@") { return true }
    if contains("="), lowercased().contains("passw") { return true }
    return firstIndex(of: "?").map { self[$0...].contains("=") } ?? false
  }

  /// `:` and a number.
  fileprivate var isPort: Bool { hasPrefix(":") && dropFirst().allSatisfy { $0.isASCII && $0.isNumber } }

  /// The range of the first occurrence of `other` (FoundationEssentials has no such search).
  fileprivate func range(of other: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
      start = index(after: start)
    }
    return nil
  }
}
