import Postgres

/// The roles of `docs/roles.sql`, created with that file for one test's schema. Needs the tests' own server.
public struct TestRoles: Sendable {
  public enum Role: String, CaseIterable, Sendable {
    case owner, loader, reader, console
  }

  public let database: TestDatabase

  /// Creates the roles and a login for each, passes them to `body`, and drops them with all objects that they own.
  public static func with<Result>(
    _ database: TestDatabase, _ body: (TestRoles) throws -> Result
  ) throws -> Result {
    let roles = TestRoles(database: database)
    defer { roles.drop() }
    try roles.apply()
    try database.execute(
      Role.allCases.map { "CREATE ROLE \(roles.login($0)) LOGIN; GRANT \(roles.group($0)) TO \(roles.login($0))" }
        .joined(separator: ";"))
    // As documented: objects that the owner creates belong to the role, not to the login.
    try database.execute("ALTER ROLE \(roles.login(.owner)) SET role TO \(roles.group(.owner))")
    return try body(roles)
  }

  /// Runs `docs/roles.sql`, or runs it again.
  public func apply() throws {
    let names = Role.allCases.map { "-v \($0)=\(group($0))" }.joined(separator: " ")
    try TestRoles.run("-v schema=\(database.name) \(names)", url: database.url)
  }

  /// Runs `docs/roles.sql` with options of psql.
  public static func run(_ options: String, url: String) throws {
    let folders = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    _ = try Shell.run(
      """
      PATH=$PATH:/usr/bin:/bin; for folder in "${POSTGRES_BIN-}" /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
      psql -X -q -f "$file" \(options) "$url"
      """, ["file": "/\(folders)/docs/roles.sql", "url": url])
  }

  /// Returns the name of the role that the file creates.
  public func group(_ role: Role) -> String { "\(role)_\(database.name)" }
  /// Returns the name of a login that has only this role.
  public func login(_ role: Role) -> String { "user_\(group(role))" }
  public func url(_ role: Role) -> String { database.url(user: login(role)) }

  /// Runs a statement as the role.
  @discardableResult
  public func execute(as role: Role, _ sql: String) throws -> Rows {
    var session = try TestDatabase.open(url(role))
    return try session.execute(sql)
  }

  /// Returns the SQLSTATE with which a statement of the role is refused; nil if it is not refused.
  public func refusal(as role: Role, _ sql: String) throws -> String? { try refusals(as: role, [sql])[0].sqlState }

  /// The same for several statements in one session; each is rolled back.
  public func refusals(
    as role: Role, _ statements: [String]
  ) throws -> [(statement: String, sqlState: String?)] {
    var session = try TestDatabase.open(url(role))
    return try statements.map { statement in
      var sqlState: String?
      do { try session.execute("BEGIN; \(statement)") } catch let error as PostgresError { sqlState = error.sqlState }
      try session.execute("ROLLBACK")
      return (statement, sqlState)
    }
  }

  private func drop() {
    let all = Role.allCases.flatMap { [login($0), group($0)] }
    for role in all { _ = try? database.execute("SET client_min_messages = warning; DROP OWNED BY \(role) CASCADE") }
    for role in all { _ = try? database.execute("DROP ROLE \(role)") }
  }
}
