import ArgumentParser
import Failures
import Postgres
import StageKit

/// Which database.
struct DatabaseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The database, as a URI without a password (DATABASE_URL, which may hold one).", valueName: "URI"))
  var databaseURL: String?

  /// - Throws: verdict `usage` where none is given, it cannot be read, or a password stands where everybody can.
  func resolve() throws -> String {
    guard let url = databaseURL ?? Environment.value("DATABASE_URL") else {
      throw Failure(
        .usage, "no database is given", hint: "set DATABASE_URL, or run '\(command: .load)', which has a private one")
    }
    let target: Target
    do { target = try Target(url) } catch { throw Self.failure(error) }
    guard databaseURL == nil || !target.hasPassword else {
      throw Failure(
        .usage, "--database-url holds a password, which everybody on this machine could read",
        hint: "give it as DATABASE_URL, or keep the password in a file (PGPASSFILE)")
    }
    return url
  }

  static func failure(_ error: PostgresError) -> Failure {
    Failure(
      .usage, "\(error.place): \(error.message)",
      hint: "the form is postgresql://USER@HOST:PORT/DATABASE, with special characters percent-encoded")
  }
}
