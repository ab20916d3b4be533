/// A host name that browsers may send in the Host header, with or without a port.
public struct PublicName: Sendable {
  /// The name in lower case, without port 80 or 443, which browsers leave out.
  let authority: String

  /// Parses a name.
  ///
  /// - Parameter text: `NAME`, `NAME:PORT`, `ADDRESS` or `[IPV6]:PORT`.
  /// - Returns: nil if a browser cannot send it: a URL, a wildcard, a port alone, a name beyond ASCII (browsers send
  ///   its `xn--` form).
  public init?(_ text: String) {
    let text = text.lowercased().trimmingCharacters(while: \.properties.isWhitespace)
    let hostEnd = text.hasPrefix("[") ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":")
    let host = text[..<(hostEnd ?? text.endIndex)]
    let rest = text[host.endIndex...]
    guard Self.isAddress(host) || Self.isName(host) else { return nil }
    if rest.isEmpty {
      authority = text
    } else {
      guard rest.first == ":", let port = Self.port(rest.dropFirst()) else { return nil }
      authority = [80, 443].contains(port) ? String(host) : text
    }
  }

  private static func isAddress(_ host: Substring) -> Bool {
    ClientAddress.parse(String(host)) != nil && !host.contains(where: \.isWhitespace)
  }

  /// Whether it is a host name by RFC 1123, section 2.1; underscores are allowed, since some networks use them. A last
  /// label of digits would make it an address.
  private static func isName(_ host: Substring) -> Bool {
    let labels = (host.hasSuffix(".") ? host.dropLast() : host).split(separator: ".", omittingEmptySubsequences: false)
    return host.utf8.count <= 253 && labels.allSatisfy(isLabel) && !(labels.last?.allSatisfy(\.isNumber) ?? true)
  }

  private static func isLabel(_ label: Substring) -> Bool {
    1...63 ~= label.utf8.count && label.first != "-" && label.last != "-"
      && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
  }

  private static func port(_ text: Substring) -> Int? {
    guard text.allSatisfy(\.isNumber), let port = Int(text), 1...65_535 ~= port else { return nil }
    return port
  }
}
