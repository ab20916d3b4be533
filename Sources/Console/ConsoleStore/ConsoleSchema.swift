import Digest
import Postgres

/// The console's own schema: made by whoever starts the console first and may make schemas, or made for its login
/// before.
public enum ConsoleSchema {
  /// One script per schema version; each upgrades from the version before. An existing schema gets the scripts that it
  /// lacks.
  package static let steps = [
    PackageResources.store_sql, PackageResources.store_2_sql, PackageResources.store_3_sql,
    PackageResources.store_4_sql,
  ]
  package static var version: Int { steps.count }
  /// What the schema's comment begins with: its tables are ours.
  private static let mark = "business-registry console, version "

  /// Creates the schema if it is missing, and upgrades an older one. If several consoles start at once, one of them
  /// does it; the others wait at the first object that is created, and then find it there.
  ///
  /// - Throws: ``ConsoleStoreError`` where it was made by a newer console.
  public static func install(on connection: inout Connection) throws {
    guard try version(on: &connection) != version else { return }
    do { try make(on: &connection) } catch {
      guard !connection.isLost, try version(on: &connection) == version else { throw error }
    }
  }

  private static func make(on connection: inout Connection) throws {
    try connection.transaction { connection in
      let found = try version(on: &connection)
      guard found != version else { return }
      if let found, !(1..<version ~= found) { throw ConsoleStoreError.newerSchema(found: found, known: version) }
      if found == nil { try makeSchema(on: &connection) }
      for step in steps.dropFirst(found ?? 0) { try connection.execute(String(decoding: step, as: UTF8.self)) }
      try connection.execute("COMMENT ON SCHEMA console IS '\(mark)\(version)'")
    }
  }

  private static func makeSchema(on connection: inout Connection) throws {
    // If the schema exists, this login may own it without the right to create schemas.
    if try connection.bool("SELECT to_regnamespace('console') IS NULL") {
      try connection.execute("CREATE SCHEMA console")
    }
    guard try !connection.bool("SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'console'::regnamespace)")
    else { throw ConsoleStoreError.foreignSchema }
    try connection.execute("REVOKE ALL ON SCHEMA console FROM PUBLIC")
  }

  /// The version that the schema says it has; nil where there is none.
  private static func version(on connection: inout Connection) throws -> Int? {
    let comment = try connection.optionalText(
      "SELECT obj_description(to_regnamespace('console'), 'pg_namespace')")
    guard let comment, comment.hasPrefix(mark) else { return nil }
    return Int(comment.dropFirst(mark.count))
  }
}

/// What a person who asks for something is told.
public enum ConsoleStoreError: Error, Equatable {
  case newerSchema(found: Int, known: Int)
  /// There are things of somebody else's in a schema of that name.
  case foreignSchema
  case accountExists(String)
  case noSuchAccount(String)
  case badName(String)
  case passwordTooShort(least: Int)
  case passwordTooLong(most: Int)
  case passwordTooCommon
  case noSuchToken(String)
  case noMemory
  case scheduleExists(String)
  /// Somebody else has changed it since it was read.
  case scheduleChanged
  case notQueued
}
