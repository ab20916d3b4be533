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
    let found = try session.execute(Self.question).values.first ?? []
    session.settings?["search_path"] = "\(try Self.schema(found, session.place)), pg_temp"
    // Policies that show every row may stay active: they only restrict writing.
    if found.last != "0" { session.settings?["row_security"] = "on" }
    session.faultHook = faultHook
    return session
  }

  /// - Returns: the schema, quoted.
  private static func schema(_ found: [String?], _ place: String) throws -> String {
    guard found.count == 5 else { throw Failure(.bug, "\(place): the server did not say which schema is current") }
    if let closed = found[1] {
      throw Failure(
        .configuration, "\(place): schema '\(closed)' comes first in the search path, and the role may not use it",
        hint:
          "GRANT USAGE ON SCHEMA \(closed) TO the role, or run docs/roles.sql again: docs/database.md says who may do"
          + " what")
    }
    guard let name = found[0], let schema = found[2] else {
      throw Failure(
        .configuration, "\(place): no schema of the search path exists",
        hint: "CREATE SCHEMA it, or name another one: postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    guard !name.hasPrefix("pg_"), name != "information_schema" else {
      throw Failure(
        .configuration, "\(place): schema '\(name)' is the server's own",
        hint: "name another one: postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    guard name != "console" else {
      throw Failure(
        .configuration, "\(place): schema 'console' is that of the console, and comes first in the search path",
        hint: "ALTER ROLE the user SET search_path = the registry's schema, for instance public")
    }
    if let tables = found[3] {
      throw Failure(
        .unavailable,
        "\(place): row-level security hides rows of \(tables) from this role; nothing was read or written",
        hint: "ALTER TABLE … NO FORCE ROW LEVEL SECURITY for the owner, or ALTER ROLE … BYPASSRLS")
    }
    return schema
  }

  /// Five columns: the current schema; the first existing schema of the search path if the role may not use it
  /// (PostgreSQL skips it and uses the next one); the current schema, quoted; our tables whose policies may hide rows;
  /// the number of tables with policies.
  private static let question = """
    WITH policies AS (
      SELECT polrelid, polpermissive, pg_catalog.pg_get_expr(polqual, polrelid) = 'true' AS is_true
      FROM pg_catalog.pg_policy
      WHERE polcmd IN ('*', 'r') AND (
        0 = ANY (polroles)
        OR EXISTS (SELECT FROM pg_catalog.unnest(polroles) r WHERE pg_catalog.pg_has_role(r, 'USAGE')))
    )
    SELECT pg_catalog.current_schema(), (
        SELECT CASE WHEN NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN n.nspname END
        FROM pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.current_setting('search_path'), ','))
            WITH ORDINALITY AS path (entry, place)
          JOIN pg_catalog.pg_namespace n ON n.nspname = CASE pg_catalog.btrim(entry, ' "')
            WHEN '$user' THEN current_user ELSE pg_catalog.btrim(entry, ' "') END
        WHERE n.nspname NOT LIKE 'pg\\_%' ORDER BY place LIMIT 1),
      pg_catalog.quote_ident(pg_catalog.current_schema()),
      pg_catalog.string_agg(guarded.relname, ', ' ORDER BY guarded.relname) FILTER (WHERE NOT guarded.shows_all),
      count(guarded)
    FROM (
      SELECT c.relname,
        NOT EXISTS (SELECT FROM policies p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND NOT p.is_true)
        AND EXISTS (SELECT FROM policies p WHERE p.polrelid = c.oid AND p.polpermissive AND p.is_true) AS shows_all
      FROM pg_catalog.pg_class c
      WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = pg_catalog.current_schema())
        AND c.relrowsecurity AND c.relname IN (\(Migration.tables.map { "'\($0)'" }.joined(separator: ", ")))
        AND pg_catalog.row_security_active(c.oid)
    ) AS guarded
    """

  /// The same for work that ends after a few seconds, whatever else happens: closing what a stopped load left open.
  func open(withinSeconds seconds: Double) throws -> Connection {
    var access = self
    access.stop = Deadline.check(seconds: seconds)
    return try access.open()
  }
}
