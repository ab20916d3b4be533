import Postgres

/// The documented roles, made by the very file that users run, for one test's schema; only in a server of our own.
public struct TestRoles: Sendable {
  public enum Role: String, CaseIterable, Sendable {
    case owner, loader, reader, console
  }

  public let database: TestDatabase

  /// Makes them and a login for each, hands them over and drops them with all they own.
  public static func with<Result>(
    _ database: TestDatabase, _ body: (TestRoles) throws -> Result
  ) throws -> Result {
    let roles = TestRoles(database: database)
    defer { roles.drop() }
    try roles.apply()
    try database.execute(
      Role.allCases.map { "CREATE ROLE \(roles.login($0)) LOGIN; GRANT \(roles.group($0)) TO \(roles.login($0))" }
        .joined(separator: ";"))
    // As the documentation has it: what the owner makes belongs to the role and not to whoever logged in.
    try database.execute("ALTER ROLE \(roles.login(.owner)) SET role TO \(roles.group(.owner))")
    return try body(roles)
  }

  /// Runs the file, or runs it again.
  public func apply() throws {
    let names = Role.allCases.map { "-v \($0)=\(group($0))" }.joined(separator: " ")
    try TestRoles.run("-v schema=\(database.name) \(names)", url: database.url)
  }

  /// Runs the file as psql is told to.
  public static func run(_ options: String, url: String) throws {
    let folders = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    _ = try Shell.run(
      """
      PATH=$PATH:/usr/bin:/bin; for folder in "${POSTGRES_BIN-}" /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
      psql -X -q -f "$file" \(options) "$url"
      """, ["file": "/\(folders)/docs/roles.sql", "url": url])
  }

  /// The role that the file makes.
  public func group(_ role: Role) -> String { "\(role)_\(database.name)" }
  /// A user that has the role, and nothing else.
  public func login(_ role: Role) -> String { "user_\(group(role))" }
  public func url(_ role: Role) -> String { database.url(user: login(role)) }

  /// Runs a statement as the role.
  @discardableResult
  public func execute(as role: Role, _ sql: String) throws -> Rows {
    var session = try TestDatabase.open(url(role))
    return try session.execute(sql)
  }

  /// Of a statement as the role, the SQLSTATE by which it is refused; nil where it is not.
  public func refusal(as role: Role, _ sql: String) throws -> String? { try refusals(as: role, [sql])[0].sqlState }

  /// The same for several, in one session; each is taken back.
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
