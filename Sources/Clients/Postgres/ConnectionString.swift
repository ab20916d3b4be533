import CLibPQ

/// Refuses connection strings in which libpq may have read part of a password as another value. A raw `@` or `/` in a
/// password moves part of it into the host, the port or the database, and so into messages and logs. The refusal never
/// quotes the string.
enum ConnectionString {
  /// - Parameters:
  ///   - conninfo: a URI, or libpq's `key=value` form.
  ///   - values: the values that libpq read from the string, or from the string and the environment.
  /// - Returns: what is wrong; nil if nothing is.
  static func fault(_ conninfo: String, _ values: [String: String]) -> String? {
    if let rest = afterScheme(conninfo), let fault = fault(rest) { return fault }
    for host in split(values["host"]) where !isHost(host) { return "its host is not a host name, address or folder" }
    for address in split(values["hostaddr"]) where !address.utf8.allSatisfy(isHostByte) {
      return "its hostaddr is not an address"
    }
    // libpq reports a wrong port as an unreachable host.
    for port in split(values["port"]) where !isPort(port) { return "its port is not a number from 1 to 65535" }
    // Also finds passwords after the separators of other drivers' strings, which libpq reads as part of the value.
    for (keyword, value) in values where keyword != "password" && keyword != "sslpassword" && namesPassword(value) {
      return "its \(keyword) contains what looks like a password"
    }
    // Names do not contain the separators of connection strings. (A user may be a mail address, a database name may
    // have blanks.)
    for (keyword, what, separators) in [("dbname", "database", "@:/?#&;,="), ("user", "user", ":/?#&;,= ")] {
      guard let value = values[keyword] else { continue }
      if value.unicodeScalars.contains(where: { separators.unicodeScalars.contains($0) || $0.value < 0x20 }) {
        return notAllowed(in: what)
      }
    }
    return nil
  }

  private static func notAllowed(in what: String) -> String {
    "its \(what) contains a character that is not allowed there"
  }

  private static func namesPassword(_ value: String) -> Bool {
    let text = value.lowercased().utf8.filter { $0 > 0x20 }
    return text.contains("password=".utf8) || text.contains("pwd=".utf8)
  }

  /// What follows the scheme of a URI; nil for the other form.
  private static func afterScheme(_ conninfo: String) -> Substring? {
    for scheme in ["postgresql://", "postgres://"] where conninfo.hasPrefix(scheme) {
      return conninfo.dropFirst(scheme.count)
    }
    return nil
  }

  private static func fault(_ uri: Substring) -> String? {
    // Compares bytes: an `@` with a combining mark is a different Character.
    let bytes = Array(uri.utf8)
    let ats = bytes.indices.filter { bytes[$0] == UInt8(ascii: "@") }
    let end = bytes.firstIndex { $0 == UInt8(ascii: "/") } ?? bytes.count
    guard ats.count <= 1, ats.allSatisfy({ $0 < end }) else {
      return "it has an '@' or '/' that does not separate its parts: write @ as %40 and / as %2F"
    }
    let path = bytes[end...].prefix { $0 != UInt8(ascii: "?") }
    return path.contains(UInt8(ascii: " ")) ? notAllowed(in: "database") : nil
  }

  /// Splits a list of hosts, which libpq accepts in one value.
  private static func split(_ list: String?) -> [Substring] { (list ?? "").split(separator: ",") }

  private static func isHost(_ host: Substring) -> Bool {
    // A folder of sockets, or an abstract socket.
    if host.hasPrefix("/") || host.hasPrefix("@") { return !host.dropFirst().utf8.contains(UInt8(ascii: "@")) }
    return host.utf8.allSatisfy(isHostByte)
  }

  /// Whether a byte may be part of a host name, or of an address with a zone.
  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "%"):
      true
    default: false
    }
  }

  private static func isPort(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } && (1...65_535).contains(Int(text) ?? 0)
  }
}
