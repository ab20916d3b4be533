import Postgres
import StageKit

/// The role that pages read the registry with: it sees everything of the registry, changes nothing, and sees nothing of the
/// console's own schema.
enum PagesRole {
  static var name: String { Environment.value("CONSOLE_ROLE") ?? "registry_console" }

  /// Its name quoted, where it exists, may read, and we may be it.
  static func find(on connection: inout Connection) throws -> String? {
    try connection.execute(
      "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = $1 AND pg_has_role(oid, 'MEMBER')", [name]
    ).scalar
  }
}
