import FaultInjection
import Postgres
import Support

/// Opens sessions that all work in one schema.
struct DatabaseAccess: Sendable {
  let target: DatabaseAddress
  let applicationName: String
  var stop: StopCheck
  var settings = TransactionSettings()
  /// Called with lines for the operator; see ``Connection/report``.
  var report: @Sendable (String) -> Void = { _ in }
  /// Called at the sessions' statements, for tests.
  var faultHook: FaultHook?
  /// Whether ``settings`` name the schema already.
  private var hasSchema = false

  /// The oldest supported version of the server.
  static let serverVersionMin = 130_000

  /// - Parameter isReadOnly: whether the sessions only read, so that a standby suffices.
  init(_ url: String, applicationName: String, isReadOnly: Bool = false, stop: @escaping StopCheck) throws {
    target = try DatabaseAddress(url)
    settings.isReadOnly = isReadOnly
    self.applicationName = applicationName
    self.stop = stop
  }

  /// Opens a session whose unqualified names refer only to the first schema of the search path. With `app, public`, a
  /// table that is missing in `app` must not be found in `public`.
  ///
  /// - Throws: category `configuration` or `unavailable` if the server or the schema cannot be used.
  func open() throws -> Connection {
    var session = try Connection.open(target, applicationName: applicationName, settings: settings, stop: stop)
    guard session.serverVersion >= Self.serverVersionMin else {
      throw Failure(
        .unavailable,
        "\(session.place): PostgreSQL \(session.serverVersion / 10_000) is too old: version 13 or later is needed",
        hint: "upgrade the server, or use a database of a newer one")
    }
    session.faultHook = faultHook
    session.report = report
    if hasSchema { return session }
    let tables = Migration.tables.map { "'\($0)'" }.joined(separator: ", ")
    let found = try session.row(String(sql: PackageResources.find_schema_sql, ["tables": tables]))
    session.settings?["search_path"] = "\(try Self.schema(found, session.place)), pg_temp"
    // Policies that show every row may stay active: they only restrict writing.
    if try found.int("tables_with_policies") > 0 { session.settings?["row_security"] = "on" }
    return session
  }

  /// Returns access for further sessions of the same run. They use the schema of `session` without looking it up.
  func inSchema(of session: borrowing Connection) -> DatabaseAccess {
    guard let settings = session.settings else { return self }
    var access = self
    access.settings = settings
    access.hasSchema = true
    return access
  }

  /// - Returns: the schema, quoted.
  private static func schema(_ found: Row, _ place: String) throws -> String {
    if let closed = try found.optionalText("closed_schema") {
      throw Failure(
        .configuration, "\(place): schema '\(closed)' comes first in the search path, and the role may not use it",
        hint:
          "GRANT USAGE ON SCHEMA \(closed) TO ROLE, or run docs/roles.sql again: docs/database.md lists the"
          + " rights of each role")
    }
    guard let name = try found.optionalText("schema"), let schema = try found.optionalText("quoted_schema") else {
      throw Failure(
        .configuration, "\(place): none of the schemas in search_path exists",
        hint: "create one with CREATE SCHEMA, or name an existing one: postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    guard !name.hasPrefix("pg_"), name != "information_schema" else {
      throw Failure(
        .configuration, "\(place): schema '\(name)' is a system schema",
        hint: "name another schema: postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    guard name != "console" else {
      throw Failure(
        .configuration, "\(place): schema 'console', which belongs to the console, comes first in the search path",
        hint: "put the registry's schema first, for instance ALTER ROLE USER SET search_path = public")
    }
    // With the default search path ("$user", public), a schema of the user's name comes first once it exists.
    if let other = try found.optionalText("other_registry") {
      throw Failure(
        .configuration,
        "\(place): the registry is in schema \(other), but schema '\(name)' comes first in search_path",
        hint:
          "put the schema to use first: ALTER ROLE USER SET search_path = SCHEMA, or"
          + " postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    // Statements on a table also apply to tables that inherit from it: a load would remove their rows.
    if let heir = try found.optionalText("heir") {
      throw Failure(
        .configuration, "\(place): table \(heir): its rows would count as rows of the registry",
        hint: "ALTER TABLE … NO INHERIT …; for a table with the same columns, use CREATE TABLE … (LIKE …)")
    }
    // PostgreSQL prefers an operator that takes exactly these types to one of its own that takes several.
    if let planted = try found.optionalText("operator") {
      throw Failure(
        .configuration, "\(place): operator \(planted) in schema \(schema) could be run with the rights of this role",
        hint: "drop it, or move it with ALTER OPERATOR … SET SCHEMA; only the owner should have CREATE on the schema")
    }
    if let tables = try found.optionalText("hiding_tables") {
      throw Failure(
        .unavailable,
        "\(place): row-level security may hide rows of \(tables) from this role; nothing was read or written",
        hints: [
          "if the role owns the tables: ALTER TABLE … NO FORCE ROW LEVEL SECURITY",
          "otherwise: ALTER ROLE … BYPASSRLS, or a policy USING (true)",
        ])
    }
    return schema
  }

  /// Opens a session with a time limit in place of the stop check, for example to close the row of a stopped load.
  func open(withinSeconds seconds: Double) throws -> Connection {
    var access = self
    access.stop = Deadline.check(seconds: seconds)
    return try access.open()
  }
}
