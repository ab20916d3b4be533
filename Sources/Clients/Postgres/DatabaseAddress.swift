import CLibPQ

/// A validated connection string. Messages never contain its password.
public struct DatabaseAddress: Sendable {
  /// A URI (`postgresql://user@host:port/database`) or libpq's `key=value` form; what it leaves out comes from the
  /// `PG…` variables, the service and the password file, as with psql.
  let conninfo: String
  /// Whether the string itself contains a password, which is not allowed on a command line.
  public let hasPassword: Bool
  /// The value of `options`, if the string has one.
  public let options: String?
  /// The value of `connect_timeout`, if the string has one.
  let connectTimeoutSeconds: Int?
  /// Seconds without input or output after which ``DeadConnectionProbe`` checks the server, from `tcp_user_timeout`.
  /// The kernel applies that option if the peer stops answering; the probe covers a proxy or firewall that keeps
  /// answering.
  let silenceSeconds: Double

  /// - Throws: a ``PostgresError`` of kind `malformed`, without libpq's text, which quotes the string.
  public init(_ conninfo: String) throws(PostgresError) {
    var complaint: UnsafeMutablePointer<CChar>?
    let options = PQconninfoParse(conninfo, &complaint)
    defer {
      PQfreemem(complaint)
      PQconninfoFree(options)
    }
    guard let options, !conninfo.utf8.contains(0) else { throw DatabaseAddress.malformed("it is not valid") }
    let values = DatabaseAddress.values(options)
    if let fault = ConnectionString.fault(conninfo, values) { throw DatabaseAddress.malformed(fault) }
    // Messages also quote values that the string leaves to the environment or to a service.
    if let fault = ConnectionString.fault("", DatabaseAddress.resolved(conninfo)) {
      throw PostgresError(.malformed, message: fault, place: "the PG… variables or the service")
    }
    self.conninfo = conninfo
    self.options = values["options"]
    hasPassword = values["password"] != nil || values["sslpassword"] != nil
    func number(_ keyword: String) -> Int? { values[keyword].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
    connectTimeoutSeconds = number("connect_timeout")
    silenceSeconds = Double(number("tcp_user_timeout") ?? DatabaseAddress.userTimeoutMilliseconds) / 1000
  }

  /// Returns the string in libpq's `key=value` form without its password, for a program whose arguments are visible to
  /// all users.
  ///
  /// - Returns: nil if it has an `sslpassword`, which no variable can pass on.
  public func withoutPassword() -> (conninfo: String, password: String?)? {
    guard let options = PQconninfoParse(conninfo, nil) else { return nil }
    defer { PQconninfoFree(options) }
    var values = DatabaseAddress.values(options)
    let password = values.removeValue(forKey: "password")
    guard values["sslpassword"] == nil else { return nil }
    let words = values.sorted { $0.key < $1.key }.map { keyword, value in
      let quoted = value.flatMap { $0 == "'" || $0 == "\\" ? ["\\", $0] : [$0] }
      return "\(keyword)='\(String(quoted))'"
    }
    return (words.isEmpty ? "dbname=''" : words.joined(separator: " "), password)
  }

  /// The values of the string, completed by `PG…` variables, the service and libpq's defaults. Only a connection
  /// attempt resolves them. This attempt fails at an invalid `sslmode`, before any name is looked up.
  private static func resolved(_ conninfo: String) -> [String: String] {
    "dbname".withCString { dbname in
      "sslmode".withCString { sslmode in
        "none".withCString { none in
          conninfo.withCString { conninfo in
            let handle = PQconnectStartParams([dbname, sslmode, nil], [conninfo, none, nil], 1)
            defer { PQfinish(handle) }
            guard let options = PQconninfo(handle) else { return [:] }
            defer { PQconninfoFree(options) }
            return values(options)
          }
        }
      }
    }
  }

  private static func values(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
    var values: [String: String] = [:]
    var next = options
    while let keyword = next.pointee.keyword {
      if let value = next.pointee.val { values[String(cString: keyword)] = String(cString: value) }
      next += 1
    }
    return values
  }

  /// Default of `tcp_user_timeout`.
  static let userTimeoutMilliseconds = 60_000

  static func malformed(_ why: String) -> PostgresError {
    PostgresError(.malformed, message: why, place: "the database URL")
  }
}
