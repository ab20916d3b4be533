import Glibc

/// Where a request comes from.
package enum ClientAddress {
  /// An address as it is usually written, from what a proxy says: with or without a port, in brackets or not.
  ///
  /// - Returns: nil where it is none.
  package static func parse(_ text: String) -> String? {
    let text = text.trimmingCharacters(while: \.properties.isWhitespace)
    guard text.utf8.count <= 64 else { return nil }
    if let address = canonical(text, AF_INET) ?? canonical(text, AF_INET6) { return address }
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      return canonical(String(text[text.index(after: text.startIndex)..<end]), AF_INET6)
    }
    return text.firstIndex(of: ":").flatMap { canonical(String(text[..<$0]), AF_INET) }
  }

  /// What limits go by: of IPv6, where everybody has a whole network, the first 64 bits.
  package static func network(_ address: String) -> String {
    var bytes = in6_addr()
    guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
    withUnsafeMutableBytes(of: &bytes) { for index in 8..<16 { $0[index] = 0 } }
    return (text(&bytes, AF_INET6) ?? address) + "/64"
  }

  private static func canonical(_ address: String, _ family: Int32) -> String? {
    var bytes = in6_addr()
    return inet_pton(family, address, &bytes) == 1 ? text(&bytes, family) : nil
  }

  private static func text(_ bytes: UnsafeRawPointer, _ family: Int32) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
