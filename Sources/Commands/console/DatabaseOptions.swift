import CommandKit
import ConsoleStore
import Postgres
import Support

/// The database of the console: it holds the registry and the console's own schema.
extension DatabaseOptions {
  /// Returns the database to connect to: `--database-url`, else `CONSOLE_DATABASE_URL` (the console's own login), else
  /// `DATABASE_URL`.
  ///
  /// - Throws: category `usage` if none of them is set, or the option has a password.
  func target() throws -> DatabaseAddress {
    if let databaseURL {
      let target = try DatabaseAddress(databaseURL)
      guard !target.hasPassword else { throw Self.passwordRefused }
      return target
    }
    guard let url = Environment.value("CONSOLE_DATABASE_URL") ?? Environment.value("DATABASE_URL") else {
      throw Failure(
        .usage, "no database is given",
        hint: "set DATABASE_URL, or run '\(command: .console)': it starts a private PostgreSQL")
    }
    return try DatabaseAddress(url)
  }

  /// Runs `body` with a connection to the database, and creates or upgrades the console's schema first.
  ///
  /// - Parameter ifDenied: called if the login has no rights on that schema, which `body` then does without; nil if it
  ///   needs them.
  func withStore<Answer>(ifDenied: (() -> Void)? = nil, _ body: (inout Connection) throws -> Answer) throws -> Answer {
    do {
      var connection = try Connection.open(try target(), applicationName: "registry console")
      do {
        try ConsoleSchema.install(on: &connection)
        try RegistryClaim.take(on: &connection)
      } catch let error as PostgresError where error.kind == .denied {
        guard let ifDenied else { throw error }
        ifDenied()
      }
      return try body(&connection)
    } catch {
      throw Failure(error)
    }
  }
}
