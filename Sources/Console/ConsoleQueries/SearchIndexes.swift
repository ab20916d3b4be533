import Postgres

/// The indexes of the console's search besides the registry's own (search.sql). Without them the search gives the same
/// results, but slower. The owner of the registry's tables may build them.
public struct SearchIndexes: Sendable {
  /// An index and its state.
  public struct Index: Sendable, Equatable {
    public enum State: String, Sendable {
      case missing
      /// A build was interrupted.
      case invalid
      case ready
    }

    public let name: String
    public let state: State
    /// Bytes on disk; 0 if it is missing.
    public let bytes: Int
  }

  /// The progress of a build.
  public enum Event: Sendable, Equatable {
    /// For the whole registry this takes from one second to half a minute. Others can read and write meanwhile.
    case building(name: String, number: Int, of: Int)
    case built(name: String)
    case analyzing
  }

  public enum BuildError: Error, Sendable, Equatable {
    /// The registry has no rows yet. The indexes would slow down the initial load.
    case isEmpty
    /// Another session is building them.
    case isUnderWay
    /// The role does not own the registry's tables.
    case isDenied
    /// A default of the role or the database (a timeout, or read-only mode) stopped a statement. The statement runs
    /// outside a transaction, so the console's settings do not apply to it.
    case isCutShort(PostgresError)
  }

  /// Returns all indexes, in the order in which they are built.
  public static func list(on connection: inout Connection) throws -> [Index] {
    try indexes.map { index in
      let row = try connection.rows(
        """
        SELECT i.indisvalid AND i.indisready AS is_ready, pg_relation_size(i.indexrelid) AS bytes FROM pg_index i
        WHERE i.indexrelid = to_regclass($1) AND i.indrelid = to_regclass('tax_registration')
        """, [index.name]
      ).first
      // The size is NULL if the index was dropped meanwhile.
      guard let row, let bytes = try row.optionalInt("bytes") else {
        return Index(name: index.name, state: .missing, bytes: 0)
      }
      return Index(name: index.name, state: try row.bool("is_ready") ? .ready : .invalid, bytes: bytes)
    }
  }

  /// Builds the missing and invalid indexes, one by one, while others read and write the registry.
  ///
  /// - Parameter connection: without an open transaction. `lock_timeout` and `statement_timeout` apply to each index.
  /// - Returns: the names of the indexes that were built.
  /// - Throws: ``BuildError``, `PostgresError`.
  @discardableResult
  public static func build(
    on connection: inout Connection, progress: (Event) -> Void = { _ in }
  ) throws -> [String] {
    // The catalog says whether the role may build them. Trying instead would log an error on the server each time.
    guard let registry = try connection.rows(Self.isOwner).first else { throw BuildError.isEmpty }
    guard try registry.bool("is_owner") else { throw BuildError.isDenied }
    guard try connection.bool("SELECT EXISTS (SELECT FROM tax_registration)") else { throw BuildError.isEmpty }
    // The lock is needed because an index that another session is building looks like an interrupted build.
    do {
      var lock = try connection.sibling()
      guard try lock.lockTable(table) else { throw BuildError.isUnderWay }
      defer { lock.endTransaction() }
      return try buildMissing(&connection, progress)
    } catch let error as PostgresError {
      throw error.kind == .denied ? BuildError.isDenied : error
    }
  }

  /// Removes what ``build(on:progress:)`` has created.
  public static func drop(on connection: inout Connection) throws {
    let schema = try schema(&connection)
    for index in indexes {
      try executeWithDefaults("DROP INDEX CONCURRENTLY IF EXISTS \(schema).\(index.name)", &connection)
    }
    try connection.execute("DROP FUNCTION IF EXISTS registry_bigrams(text)")
  }

  /// Whether the function exists that the indexes on texts use.
  static func hasBigrams(_ connection: inout Connection) throws -> Bool {
    try connection.bool("SELECT to_regprocedure('registry_bigrams(text)') IS NOT NULL")
  }

  /// Selects whether the role may build the indexes; no row if there is no registry.
  private static let isOwner = """
    SELECT pg_has_role(relowner, 'USAGE') AND has_schema_privilege(relnamespace, 'CREATE') AS is_owner FROM pg_class
    WHERE oid = to_regclass('tax_registration')
    """

  /// The table whose lock prevents two builds at once. Only the registry's owner has the right to lock it, and a load
  /// does not lock it.
  private static let table = "schema_migration"

  /// Returns the registry's schema, quoted. Statements outside a transaction must name it, since the search path of the
  /// console's settings does not apply to them.
  private static func schema(_ connection: inout Connection) throws -> String {
    try connection.row("SELECT quote_ident(current_schema()) AS schema").text("schema")
  }

  private static func executeWithDefaults(_ sql: String, _ connection: inout Connection) throws {
    do { try connection.executeOutsideTransaction(sql) } catch let error as PostgresError
      where ["57014", "55P03", "25006"].contains(error.sqlState)
    { throw BuildError.isCutShort(error) }
  }

  private static func buildMissing(_ connection: inout Connection, _ progress: (Event) -> Void) throws -> [String] {
    let states = try list(on: &connection)
    let wanted = states.filter { $0.state != .ready }
    guard !wanted.isEmpty else { return [] }
    let schema = try schema(&connection)
    for statement in functions { try connection.execute(statement) }
    for (number, state) in wanted.enumerated() {
      guard let index = indexes.first(where: { $0.name == state.name }) else { continue }
      progress(.building(name: index.name, number: number + 1, of: wanted.count))
      if state.state == .invalid {
        try executeWithDefaults("DROP INDEX CONCURRENTLY \(schema).\(index.name)", &connection)
      }
      try executeWithDefaults(index.create(in: schema), &connection)
      for statement in index.rest { try connection.execute(statement) }
      progress(.built(name: index.name))
    }
    progress(.analyzing)
    try connection.execute("ANALYZE tax_registration")
    return wanted.map(\.name)
  }
}
