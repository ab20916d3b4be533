import CommandKit
import ConsoleStore
import Postgres
import Support

/// Which databases: the registry's, and the console's own schema, which is in the same unless said otherwise.
extension DatabaseOptions {
  /// The console's own login, where it has one (`CONSOLE_DATABASE_URL`); runs get `DATABASE_URL`.
  func target() throws -> DatabaseAddress {
    if let databaseURL {
      let target = try DatabaseAddress(databaseURL)
      guard !target.hasPassword else { throw Self.passwordRefused }
      return target
    }
    guard let url = Environment.value("CONSOLE_DATABASE_URL") ?? Environment.value("DATABASE_URL") else {
      throw Failure(
        .usage, "no database is given",
        hint: "set DATABASE_URL, or run '\(command: .console)', which has a private one")
    }
    return try DatabaseAddress(url)
  }

  /// A session with the console's schema, which is made where it is missing.
  func withStore<Answer>(_ body: (inout Connection) throws -> Answer) throws -> Answer {
    do {
      var connection = try Connection.open(try target(), applicationName: "registry console")
      try ConsoleSchema.install(on: &connection)
      return try body(&connection)
    } catch {
      throw Failure(error)
    }
  }
}
