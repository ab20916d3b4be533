import Digest
import Postgres

/// The console's own schema: made by whoever starts the console first and may make schemas, or made for its login before.
public enum Desk {
  /// Brought up with each change of `desk.sql`; there is one so far.
  static let version = 1

  /// Makes the schema where it is missing. Several consoles may start at once.
  ///
  /// - Throws: ``DeskError`` where it was made by a newer console.
  public static func install(on connection: inout Connection) throws {
    guard try version(on: &connection) != version else { return }
    try connection.transaction { connection in
      try connection.execute("SELECT pg_advisory_xact_lock(hashtext('console.schema'))")
      let found = try version(on: &connection)
      guard found != version else { return }
      guard found == nil else { throw DeskError.newerSchema(found: found ?? 0, known: version) }
      // One that is there already may be this login's, which need not have the right to make any.
      if try connection.execute("SELECT to_regnamespace('console')").scalar == nil {
        try connection.execute("CREATE SCHEMA console")
      }
      try connection.execute("REVOKE ALL ON SCHEMA console FROM PUBLIC")
      try connection.execute(String(decoding: PackageResources.desk_sql, as: UTF8.self))
      try connection.execute("COMMENT ON SCHEMA console IS 'business-registry console, version \(version)'")
    }
  }

  /// The version that the schema says it has; nil where there is none.
  private static func version(on connection: inout Connection) throws -> Int? {
    let comment = try connection.execute(
      "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'console'"
    ).scalar
    return comment.flatMap { $0.split(separator: " ").last.flatMap { Int($0) } }
  }
}

/// What a person who asks for something is told.
public enum DeskError: Error, Equatable {
  case newerSchema(found: Int, known: Int)
  case accountExists(String)
  case noSuchAccount(String)
  case badName(String)
  case passwordTooShort(least: Int)
  case passwordTooLong(most: Int)
  case noMemory
  case scheduleExists(String)
  case notQueued
}
