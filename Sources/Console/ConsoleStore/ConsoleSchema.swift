import Digest
import Postgres

/// The console's own schema. The console creates it at its first start if its login may create schemas; otherwise an
/// administrator creates the empty schema for that login.
public enum ConsoleSchema {
  /// One script per schema version; each upgrades from the version before. An existing schema gets the missing ones.
  package static let steps = [
    PackageResources.store_sql, PackageResources.store_2_sql, PackageResources.store_3_sql,
    PackageResources.store_4_sql, PackageResources.store_5_sql,
  ]
  package static var version: Int { steps.count }
  /// The beginning of the schema's comment. It marks the schema as the console's.
  private static let mark = "business-registry console, version "

  /// Creates the schema if it is missing, and upgrades an older one. If several consoles start at once, one of them
  /// does it; the others wait at the first object that is created, fail, and then find the schema complete.
  ///
  /// - Throws: ``ConsoleStoreError`` if a newer console or another program created it.
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
    // An existing schema may be owned by a login without the right to create schemas.
    if try connection.bool("SELECT to_regnamespace('console') IS NULL") {
      try connection.execute("CREATE SCHEMA console")
    }
    guard try !connection.bool("SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'console'::regnamespace)")
    else { throw ConsoleStoreError.foreignSchema }
    try connection.execute("REVOKE ALL ON SCHEMA console FROM PUBLIC")
  }

  /// Returns the version in the schema's comment; nil if there is none.
  private static func version(on connection: inout Connection) throws -> Int? {
    let comment = try connection.optionalText(
      "SELECT obj_description(to_regnamespace('console'), 'pg_namespace')")
    guard let comment, comment.hasPrefix(mark) else { return nil }
    return Int(comment.dropFirst(mark.count))
  }
}

/// Errors that are reported to the user.
public enum ConsoleStoreError: Error, Equatable {
  case newerSchema(found: Int, known: Int)
  /// The schema has objects of another program.
  case foreignSchema
  /// The console belongs to the registry of another schema.
  case otherRegistry(recorded: String, found: String)
  case accountExists(String)
  case noSuchAccount(String)
  case badName(String)
  case passwordTooShort(least: Int)
  case passwordTooLong(most: Int)
  case passwordTooCommon
  case noSuchToken(String)
  case noMemory
  case scheduleExists(String)
  /// Another user has changed the schedule since it was read.
  case scheduleChanged
  /// The task has ended, so it cannot be stopped.
  case notQueued
}
