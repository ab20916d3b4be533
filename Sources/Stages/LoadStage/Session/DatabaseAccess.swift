import FaultInjection
import Postgres
import Support

/// Opens sessions that all work in one schema.
struct DatabaseAccess: Sendable {
  let target: DatabaseAddress
  let applicationName: String
  var stop: StopCheck
  var settings = TransactionSettings()
  /// What a test does at the sessions' statements.
  var faultHook: FaultHook?
  /// Whether ``settings`` name the schema already.
  private var hasSchema = false

  /// The oldest server that is known to work.
  static let serverVersionMin = 130_000

  /// - Parameter isReadOnly: whether the sessions only read: a standby will do.
  init(_ url: String, applicationName: String, isReadOnly: Bool = false, stop: @escaping StopCheck) throws {
    target = try DatabaseAddress(url)
    settings.isReadOnly = isReadOnly
    self.applicationName = applicationName
    self.stop = stop
  }

  /// A session whose unqualified names mean the first schema of the search path, and no other: with `app, public` a
  /// table that is missing in `app` must not be found in `public`.
  func open() throws -> Connection {
    var session = try Connection.open(target, applicationName: applicationName, settings: settings, stop: stop)
    guard session.serverVersion >= Self.serverVersionMin else {
      throw Failure(
        .unavailable,
        "\(session.place): the server is version \(session.serverVersion / 10_000), and 13 or later is needed")
    }
    session.faultHook = faultHook
    if hasSchema { return session }
    let tables = Migration.tables.map { "'\($0)'" }.joined(separator: ", ")
    let found = try session.row(String(sql: PackageResources.find_schema_sql, ["tables": tables]))
    session.settings?["search_path"] = "\(try Self.schema(found, session.place)), pg_temp"
    // Policies that show every row may stay active: they only restrict writing.
    if try found.int("tables_with_policies") > 0 { session.settings?["row_security"] = "on" }
    return session
  }

  /// Access for further sessions of the same run: they work in the schema of `session`, and need not look for it again.
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
          "GRANT USAGE ON SCHEMA \(closed) TO ROLE, or run docs/roles.sql again: docs/database.md says who may do"
          + " what")
    }
    guard let name = try found.optionalText("schema"), let schema = try found.optionalText("quoted_schema") else {
      throw Failure(
        .configuration, "\(place): no schema of the search path exists",
        hint: "create it with CREATE SCHEMA, or name another one: postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    guard !name.hasPrefix("pg_"), name != "information_schema" else {
      throw Failure(
        .configuration, "\(place): schema '\(name)' is the server's own",
        hint: "name another one: postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    guard name != "console" else {
      throw Failure(
        .configuration, "\(place): schema 'console' is that of the console, and comes first in the search path",
        hint: "ALTER ROLE USER SET search_path = the registry's schema, for instance public")
    }
    // A schema of the user's own name comes first as soon as somebody makes it: "$user", public.
    if let other = try found.optionalText("other_registry") {
      throw Failure(
        .configuration,
        "\(place): schema '\(name)' comes first in the search path and has no registry, schema \(other) has one",
        hint:
          "name the one that is meant: ALTER ROLE USER SET search_path = SCHEMA, or"
          + " postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    // Statements on a table also reach the rows of those that inherit from it: a load would remove them.
    if let heir = try found.optionalText("heir") {
      throw Failure(
        .configuration, "\(place): table \(heir), so its rows would count as the registry's",
        hint: "ALTER TABLE … NO INHERIT …; a table made with LIKE has the same columns and rows of its own")
    }
    if let tables = try found.optionalText("hiding_tables") {
      throw Failure(
        .unavailable,
        "\(place): row-level security hides rows of \(tables) from this role; nothing was read or written",
        hint: "ALTER TABLE … NO FORCE ROW LEVEL SECURITY for the owner, or ALTER ROLE … BYPASSRLS")
    }
    return schema
  }

  /// The same for work that ends after a few seconds, whatever else happens: closing what a stopped load left open.
  func open(withinSeconds seconds: Double) throws -> Connection {
    var access = self
    access.stop = Deadline.check(seconds: seconds)
    return try access.open()
  }
}
