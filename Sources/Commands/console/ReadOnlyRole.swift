import CommandKit
import Postgres

/// The role that pages read the registry with: it sees everything of the registry, changes nothing, and sees nothing of
/// the console's own schema.
enum ReadOnlyRole {
  static var name: String { Environment.value("CONSOLE_ROLE") ?? "registry_console" }

  enum Found: Equatable {
    case usable
    /// There is no such role, or the console's login is no member of it.
    case missing
    /// It may not read this database's registry: its rights were granted in another database of the cluster.
    case elsewhere
  }

  /// Whether pages can read the registry as this role. Where there are no tables yet the default privileges tell
  /// whether it will read them.
  static func find(on connection: inout Connection) throws -> Found {
    // NULL where the search path has no schema: then there is nothing to read.
    let row = try connection.rows(
      """
      SELECT (has_schema_privilege(r.oid, n.oid, 'USAGE') AND CASE
        WHEN to_regclass('publication') IS NOT NULL
          THEN has_table_privilege(r.oid, to_regclass('publication'), 'SELECT')
        ELSE EXISTS (
          SELECT FROM pg_default_acl d, aclexplode(d.defaclacl) a
          WHERE d.defaclnamespace IN (0, n.oid) AND d.defaclobjtype = 'r' AND a.privilege_type = 'SELECT'
            AND pg_has_role(r.oid, a.grantee, 'USAGE'))
        END) IS TRUE AS is_usable
      FROM pg_roles r LEFT JOIN pg_namespace n ON n.nspname = current_schema()
      WHERE r.rolname = $1 AND pg_has_role(r.oid, 'MEMBER')
      """, [name]
    ).first
    guard let row else { return .missing }
    return try row.bool("is_usable") ? .usable : .elsewhere
  }
}

/// Where pages look for the registry. A login named `console` finds the console's own schema first, through `"$user"`.
enum RegistryPath {
  /// - Returns: the search path without the console's schema; nil where nothing else is in it.
  static func find(on connection: inout Connection) throws -> String? {
    try connection.optionalText(
      "SELECT string_agg(quote_ident(s), ', ') FROM unnest(current_schemas(false)) AS s WHERE s <> 'console'")
  }
}
