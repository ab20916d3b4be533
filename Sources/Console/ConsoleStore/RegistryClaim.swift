import Postgres

/// The registry that a console belongs to. Its accounts, schedules and queue must not start runs of another one, and there
/// is one schema `console` in a database.
public enum RegistryClaim {
  /// Records the schema of the registry that the search path finds. Does nothing before the first load. If the recorded
  /// schema no longer exists, it was renamed or dropped, and the one that is found takes its place.
  ///
  /// - Throws: ``ConsoleStoreError/otherRegistry(recorded:found:)`` if the console belongs to another registry.
  public static func take(on connection: inout Connection) throws {
    let found = try connection.optionalText(
      """
      SELECT (SELECT name FROM unnest(current_schemas(false)) WITH ORDINALITY AS s (name, position)
        WHERE name <> 'console' AND to_regclass(quote_ident(name) || '.publication') IS NOT NULL
        ORDER BY position LIMIT 1)
      """)
    guard let found else { return }
    let recorded = try connection.transaction { connection in
      try connection.execute(
        "DELETE FROM console.registry WHERE to_regnamespace(quote_ident(schema_name)) IS NULL")
      try connection.execute(
        "INSERT INTO console.registry (schema_name) VALUES ($1) ON CONFLICT DO NOTHING", [found])
      return try connection.optionalText("SELECT schema_name FROM console.registry") ?? found
    }
    guard recorded == found else { throw ConsoleStoreError.otherRegistry(recorded: recorded, found: found) }
  }
}
