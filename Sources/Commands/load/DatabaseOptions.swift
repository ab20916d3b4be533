import CommandKit
import Postgres
import Support

extension DatabaseOptions {
  /// - Throws: category `usage` if none is given, it is malformed, or it has a password in the arguments, where every
  ///   user can read it.
  func resolve() throws -> String {
    guard let url = databaseURL ?? Environment.value("DATABASE_URL") else {
      throw Failure(
        .usage, "no database is given",
        hint: "set DATABASE_URL, or run '\(command: .load)': it starts a private PostgreSQL")
    }
    let target: DatabaseAddress
    do { target = try DatabaseAddress(url) } catch { throw Failure(error) }
    guard databaseURL == nil || !target.hasPassword else { throw Self.passwordRefused }
    return url
  }
}
