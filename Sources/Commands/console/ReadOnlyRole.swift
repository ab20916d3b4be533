import CommandKit
import Postgres

/// The role that pages read the registry with. It may read the whole registry, but change nothing and not read the
/// console's own schema.
enum ReadOnlyRole {
  static var name: String { Environment.value("CONSOLE_ROLE") ?? "registry_console" }

  enum Found: Equatable {
    case usable
    /// The role does not exist, or the console's login is not a member of it.
    case missing
    /// The role may not read this database's registry. Its rights were granted in another database of the cluster.
    case elsewhere
  }

  /// Checks whether pages can read the registry as this role. Before the tables exist, the default privileges decide.
  static func find(on connection: inout Connection) throws -> Found {
    // The privilege is NULL if no schema of the search path exists: then there is no registry to read.
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

/// The search path of pages. For a login named `console`, the default `"$user"` would find the console's own schema
/// first.
enum RegistryPath {
  /// - Returns: the search path without the console's schema; nil if no other schema is in it.
  static func find(on connection: inout Connection) throws -> String? {
    try connection.optionalText(
      "SELECT string_agg(quote_ident(s), ', ') FROM unnest(current_schemas(false)) AS s WHERE s <> 'console'")
  }
}
