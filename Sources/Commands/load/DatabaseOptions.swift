import CommandKit
import Postgres
import Support

extension DatabaseOptions {
  /// - Throws: category `usage` where none is given, it cannot be read, or a password stands where everybody can.
  func resolve() throws -> String {
    guard let url = databaseURL ?? Environment.value("DATABASE_URL") else {
      throw Failure(
        .usage, "no database is given", hint: "set DATABASE_URL, or run '\(command: .load)', which has a private one")
    }
    let target: DatabaseAddress
    do { target = try DatabaseAddress(url) } catch { throw Self.failure(error) }
    guard databaseURL == nil || !target.hasPassword else { throw Self.passwordRefused }
    return url
  }

  static func failure(_ error: PostgresError) -> Failure {
    Failure(
      .usage, "\(error.place): \(error.message)",
      hint: "the form is postgresql://USER@HOST:PORT/DATABASE, with special characters percent-encoded")
  }
}
