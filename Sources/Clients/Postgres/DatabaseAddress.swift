import CLibPQ

/// Which database is meant: a checked connection string, whose password no message ever names.
public struct DatabaseAddress: Sendable {
  /// A URI (`postgresql://user@host:port/database`) or libpq's `key=value` form; what it leaves out comes from the
  /// `PG…` variables, the service and the password file, as with psql.
  let conninfo: String
  /// Whether the string itself carries a password, which a command line must not.
  public let hasPassword: Bool
  /// From `options`, where the string names any.
  public let options: String?
  /// From `connect_timeout`, where the string names one.
  let connectTimeoutSeconds: Int?
  /// How long a silent session is taken for a busy one before somebody asks, from `tcp_user_timeout`: what that option
  /// is for where the kernel sees that nobody answers, it is here where a line that is dead looks alive.
  let silenceSeconds: Double

  /// - Throws: a ``PostgresError`` of kind `malformed`. libpq's own words stay out of it: they quote the string.
  public init(_ conninfo: String) throws(PostgresError) {
    var complaint: UnsafeMutablePointer<CChar>?
    let options = PQconninfoParse(conninfo, &complaint)
    defer {
      PQfreemem(complaint)
      PQconninfoFree(options)
    }
    guard let options, !conninfo.utf8.contains(0) else { throw DatabaseAddress.malformed("it has the wrong form") }
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

  /// The connection string in libpq's `key=value` form, for a program whose arguments anybody can read.
  ///
  /// - Returns: nil where it has an `sslpassword`, which no variable can pass on.
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

  /// The values of the string with what `PG…` variables, the service and libpq's defaults add. Only an attempt to connect
  /// finds them out: this one ends at an `sslmode` that there is not, before any name is looked up.
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

  /// Of a string that names none.
  static let userTimeoutMilliseconds = 60_000

  static func malformed(_ why: String) -> PostgresError {
    PostgresError(.malformed, message: why, place: "the database URL")
  }
}
