import Postgres
import Support
import Synchronization

/// Creates scratch schemas in the user's database. A separate session holds a lock while they are in use.
public final class ScratchDatabase: Sendable {
  private let target: DatabaseAddress
  private let url: String
  private let number = Int.random(in: 1...999_999_999)
  private let count = Mutex(0)
  /// The session that holds the lock.
  private let holder: Mutex<Connection>

  /// First half of the lock's key, to avoid the locks of other programs: "regs" in ASCII.
  private static let lockClass = 0x7265_6773

  /// - Throws: category `configuration` if the role may not create a schema.
  public init(_ url: String) throws {
    self.url = url
    do {
      target = try DatabaseAddress(url)
      var session = try Self.open(target)
      let found = try session.row(
        """
        SELECT current_database() AS database, current_user AS role,
          has_database_privilege(current_database(), 'CREATE') AS may_create
        """)
      guard try found.bool("may_create") else {
        let (database, role) = (try found.text("database"), try found.text("role"))
        throw Failure(
          .configuration, "\(session.place): the role may not create a schema, which the self-test needs",
          hint:
            "GRANT CREATE ON DATABASE \(database) TO \(role), or give another database with --database-url")
      }
      try Self.dropLeftovers(&session)
      try session.beginTransaction()
      try session.execute("SELECT pg_advisory_xact_lock(\(Self.lockClass), \(number))")
      holder = Mutex(session)
    } catch let error as PostgresError {
      var failure = Failure(error)
      if error.kind == .denied {
        failure.hints = ["the self-test needs a schema of its own: GRANT CREATE ON DATABASE DATABASE TO USER"]
      }
      throw failure
    }
  }

  private static func open(_ target: DatabaseAddress) throws -> Connection {
    try Connection.open(target, applicationName: "registry-selftest")
  }

  /// Drops the schemas of a self-test that was killed: no session holds their lock.
  private static func dropLeftovers(_ session: inout Connection) throws {
    let schemas = try session.rows(
      """
      SELECT nspname, substring(nspname FROM '^registry_selftest_([0-9]{1,9})_[0-9]+$') AS number
      FROM pg_catalog.pg_namespace WHERE pg_has_role(nspowner, 'USAGE')
      """)
    for schema in schemas {
      // Other schemas have no number.
      guard let number = try schema.optionalText("number") else { continue }
      let (name, lock) = (try schema.text("nspname"), "\(lockClass), \(number)")
      try session.transaction { session in
        guard try session.bool("SELECT pg_try_advisory_xact_lock(\(lock))") else { return }
        try session.execute("SET LOCAL client_min_messages = warning; DROP SCHEMA \(name) CASCADE")
      }
    }
  }

  func open() throws -> Connection { try Self.open(target) }

  func schemasLeft() throws -> Int {
    var session = try open()
    let left = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE starts_with(nspname, 'registry_selftest_\(number)_')"
    return try session.int(left)
  }

  func schema() throws -> ScratchSchema {
    let place = count.withLock { count in
      count += 1
      return count
    }
    let name = "registry_selftest_\(number)_\(place)"
    var session = try open()
    try session.execute("CREATE SCHEMA \(name)")
    return ScratchSchema(name: name, url: connectionString(schema: name), database: self)
  }

  /// The connection string for a schema. Keeps its options: the last setting takes effect.
  private func connectionString(schema: String) -> String {
    let options = (target.options.map { $0 + " " } ?? "") + "-csearch_path=\(schema)"
    guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
      let quoted = options.reduce(into: "") { text, character in
        if character == "'" || character == "\\" { text.append("\\") }
        text.append(character)
      }
      return url + " options='\(quoted)'"
    }
    let encoded = options.utf8.map { byte in
      let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      let digits = String(byte, radix: 16, uppercase: true)
      return isPlain ? String(UnicodeScalar(byte)) : "%" + (digits.count == 1 ? "0" : "") + digits
    }
    return url + (url.contains("?") ? "&" : "?") + "options=" + encoded.joined()
  }
}

/// A scratch schema. Load sees only this schema of the database.
struct ScratchSchema: Sendable {
  let name: String
  let url: String
  let database: ScratchDatabase

  func open() throws -> Connection {
    var session = try database.open()
    session.settings?["search_path"] = name
    return session
  }

  func execute(_ sql: String) throws {
    var session = try open()
    try session.execute(sql)
  }

  func drop() throws {
    var session = try database.open()
    try session.execute("SET LOCAL client_min_messages = warning; DROP SCHEMA IF EXISTS \(name) CASCADE")
  }
}
