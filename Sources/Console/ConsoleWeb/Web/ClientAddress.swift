import Glibc

/// Functions for client addresses.
public enum ClientAddress {
  /// Normalizes an address, also from a proxy's header with a port or brackets. An IPv4-mapped IPv6 address
  /// (`::ffff:192.0.2.7`) becomes IPv4, since sockets for both families report IPv4 clients in that form.
  ///
  /// - Returns: nil if it is not an address.
  public static func parse(_ text: String) -> String? { bytes(text).flatMap { Self.text($0) } }

  /// Returns the network that limits apply to: for IPv6 the /64 network, since each client has a whole one.
  public static func network(_ address: String) -> String {
    guard let bytes = bytes(address), let text = text(bytes) else { return address }
    guard !isIPv4(bytes) else { return text }
    return (self.text(bytes.prefix(8) + [UInt8](repeating: 0, count: 8)) ?? address) + "/64"
  }

  /// Whether only this machine can reach a listener at `host`.
  public static func isLoopback(_ host: String) -> Bool {
    guard let bytes = bytes(host) else { return host.lowercased() == "localhost" }
    return isIPv4(bytes) ? bytes[12] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
  }

  /// Returns the 16 bytes of an address. An IPv4 address is mapped to IPv6 (RFC 4291, section 2.5.5.2).
  static func bytes(_ text: String) -> [UInt8]? {
    let text = text.trimmingCharacters(while: \.properties.isWhitespace)
    guard text.utf8.count <= 64 else { return nil }
    if let bytes = read(text, AF_INET) ?? read(text, AF_INET6) { return bytes }
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      return read(String(text[text.index(after: text.startIndex)..<end]), AF_INET6)
    }
    return text.firstIndex(of: ":").flatMap { read(String(text[..<$0]), AF_INET) }
  }

  static func isIPv4(_ bytes: [UInt8]) -> Bool { bytes.starts(with: mapped) }

  private static let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]

  private static func read(_ address: String, _ family: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    guard inet_pton(family, address, &bytes) == 1 else { return nil }
    return family == AF_INET ? mapped + bytes.prefix(4) : bytes
  }

  private static func text(_ bytes: some Sequence<UInt8>) -> String? {
    let bytes = Array(bytes)
    let isIPv4 = isIPv4(bytes)
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let address = isIPv4 ? Array(bytes.suffix(4)) : bytes
    guard inet_ntop(isIPv4 ? AF_INET : AF_INET6, address, &buffer, socklen_t(buffer.count)) != nil else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// An address or a network: `192.0.2.7`, `172.18.0.0/16`, `::1`.
public struct AddressRange: Sendable {
  private let bytes: [UInt8]
  private let bits: Int

  /// Parses an address or a network.
  ///
  /// - Returns: nil if it is neither.
  public init?(_ text: String) {
    let parts = text.trimmingCharacters(while: \.properties.isWhitespace)
      .split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let bytes = ClientAddress.bytes(String(parts[0])) else { return nil }
    let most = ClientAddress.isIPv4(bytes) ? 32 : 128
    guard let bits = parts.count == 1 ? most : Int(parts[1]), 0...most ~= bits else { return nil }
    self.bytes = bytes
    self.bits = 128 - most + bits
  }

  /// Whether the address is in this range.
  public func contains(_ address: String) -> Bool {
    guard let other = ClientAddress.bytes(address) else { return false }
    return bytes.indices.allSatisfy { index in
      let mask = UInt8(truncatingIfNeeded: 0xFF00 >> min(max(bits - index * 8, 0), 8))
      return (bytes[index] ^ other[index]) & mask == 0
    }
  }
}

extension [AddressRange] {
  /// Returns the client of a request that came through proxies: the last address in the list that is not a proxy. A
  /// client can forge the addresses before it.
  ///
  /// - Parameters:
  ///   - peer: the peer address of the connection.
  ///   - forwarded: the values of `X-Forwarded-For`. Each proxy appends the address of its client.
  public func client(_ peer: String, forwarded: [String]) -> String {
    var client = peer
    for text in forwarded.flatMap({ $0.split(separator: ",") }).reversed() {
      guard contains(where: { $0.contains(client) }), let address = ClientAddress.parse(String(text)) else { break }
      client = address
    }
    return client
  }
}
