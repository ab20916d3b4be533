import Failures
import Postgres
import Synchronization

/// Where scratch schemas are made: the user's database, in a session of its own that also shows that they are in use.
public final class ScratchDatabase: Sendable {
  private let url: String
  private let prefix: String
  private let state: Mutex<Int>

  /// - Throws: verdict `configuration` where the role may not make a schema.
  public init(_ url: String) throws {
    self.url = url
    let number = Int.random(in: 1...Int(Int32.max))
    prefix = "registry_selftest_\(number)_"
    state = Mutex(0)
    do {
      var session = try open()
      let may = "SELECT has_database_privilege(current_database(), 'CREATE')"
      guard try session.execute(may).truth else {
        throw Failure(
          .configuration, "\(session.place): the role may not make a schema, which the proof needs",
          hint: "GRANT CREATE ON DATABASE … TO it, or give another database with --database-url")
      }
      try dropLeftovers(&session)
    } catch let error as PostgresError { throw Failure(from: error) }
  }

  func open() throws -> Connection { try Connection.open(try Target(url), applicationName: "registry-selftest") }

  /// Schemas of a proof that was killed, as their age tells.
  private func dropLeftovers(_ session: inout Connection) throws {
    let names = try session.execute(
      """
      SELECT quote_ident(nspname) FROM pg_namespace
      WHERE nspname LIKE 'registry\\_selftest\\_%' AND pg_has_role(nspowner, 'USAGE')
        AND obj_description(oid, 'pg_namespace')::timestamptz < now() - interval '6 hours'
      """)
    for row in names.values { if let name = row[0] { try session.execute("DROP SCHEMA \(name) CASCADE") } }
  }

  func schemasLeft() throws -> Int {
    var session = try open()
    return try session.execute("SELECT count(*) FROM pg_namespace WHERE starts_with(nspname, '\(prefix)')").number ?? 0
  }

  func schema() throws -> ScratchSchema {
    let number = state.withLock { number in
      number += 1
      return number
    }
    let name = "\(prefix)\(number)"
    do {
      var session = try open()
      try session.execute("CREATE SCHEMA \(name)")
      let now = try session.execute("SELECT now()").scalar ?? ""
      try session.execute("COMMENT ON SCHEMA \(name) IS '\(now)'")
    } catch let error as PostgresError { throw Failure(from: error) }
    return ScratchSchema(name: name, url: Self.with(schema: name, url), database: self)
  }

  /// The connection string for a schema: what stands last counts.
  private static func with(schema: String, _ url: String) -> String {
    guard url.contains("://") else { return url + " options='-csearch_path=\(schema)'" }
    return url + (url.contains("?") ? "&" : "?") + "options=-csearch_path%3D\(schema)"
  }
}

/// An empty schema, which is all that a load sees of a database.
struct ScratchSchema: Sendable {
  let name: String
  let url: String
  let database: ScratchDatabase

  func open() throws -> Connection {
    var session = try database.open()
    try session.execute("SET search_path = \(name)")
    return session
  }

  func execute(_ sql: String) throws {
    var session = try open()
    try session.execute(sql)
  }

  func drop() throws {
    var session = try database.open()
    try session.execute("SET client_min_messages = warning; DROP SCHEMA IF EXISTS \(name) CASCADE")
  }
}

extension Failure {
  init(from error: PostgresError) {
    self.init(
      error.kind == .temporary ? .temporary : .unavailable, "\(error.place): \(error.message)",
      hint: "check DATABASE_URL")
  }
}
