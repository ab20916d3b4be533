import Postgres

/// The indexes that the console's search wants besides the registry's own (search.sql). The search answers the same
/// without them, slower. Whoever owns the registry's tables may build them.
public struct SearchIndexes: Sendable {
  public struct Index: Sendable, Equatable {
    public enum State: String, Sendable {
      case missing
      /// A build was cut short.
      case invalid
      case ready
    }

    public let name: String
    public let state: State
    /// Bytes on disk; 0 where it is missing.
    public let bytes: Int
  }

  /// What there is to tell while they are built.
  public enum Event: Sendable, Equatable {
    /// Takes from a second to half a minute for the whole registry; nobody has to wait for it.
    case building(name: String, number: Int, of: Int)
    case built(name: String)
    case analyzing
  }

  public enum BuildError: Error, Sendable, Equatable {
    /// The registry has no row yet: a first load would take longer with them.
    case isEmpty
    /// Another session builds them.
    case isUnderWay
    /// The role does not own the registry's tables.
    case isDenied
    /// A default of the role or the database (a time-out, or read-only mode) has ended a statement. The statement runs
    /// outside of transactions, so our settings do not apply to it.
    case isCutShort(PostgresError)
  }

  /// All of them, in the order in which they are built.
  public static func list(on connection: inout Connection) throws -> [Index] {
    try indexes.map { index in
      let row = try connection.rows(
        """
        SELECT i.indisvalid AND i.indisready AS is_ready, pg_relation_size(i.indexrelid) AS bytes FROM pg_index i
        WHERE i.indexrelid = to_regclass($1) AND i.indrelid = to_regclass('tax_registration')
        """, [index.name]
      ).first
      // There is no size of one that has been dropped meanwhile.
      guard let row, let bytes = try row.optionalInt("bytes") else {
        return Index(name: index.name, state: .missing, bytes: 0)
      }
      return Index(name: index.name, state: try row.bool("is_ready") ? .ready : .invalid, bytes: bytes)
    }
  }

  /// Builds those that are missing or invalid, one by one, while others read and write the registry.
  ///
  /// - Parameter connection: with no transaction open. A `lock_timeout` or `statement_timeout` holds for each index.
  /// - Returns: the names of those that it built.
  /// - Throws: ``BuildError``, `PostgresError`.
  @discardableResult
  public static func build(
    on connection: inout Connection, progress: (Event) -> Void = { _ in }
  ) throws -> [String] {
    // Read from the catalog. Trying instead would write an error to the server's log each time.
    guard let registry = try connection.rows(Self.isOwner).first else { throw BuildError.isEmpty }
    guard try registry.bool("is_owner") else { throw BuildError.isDenied }
    guard try connection.bool("SELECT EXISTS (SELECT FROM tax_registration)") else { throw BuildError.isEmpty }
    // An index that another session is building looks like one whose build was cut short.
    do {
      var lock = try connection.sibling()
      guard try lock.lockTable(table) else { throw BuildError.isUnderWay }
      defer { lock.endTransaction() }
      return try buildMissing(&connection, progress)
    } catch let error as PostgresError {
      throw error.kind == .denied ? BuildError.isDenied : error
    }
  }

  /// Takes away what ``build(on:progress:)`` has made.
  public static func drop(on connection: inout Connection) throws {
    let schema = try schema(&connection)
    for index in indexes {
      try executeWithDefaults("DROP INDEX CONCURRENTLY IF EXISTS \(schema).\(index.name)", &connection)
    }
    try connection.execute("DROP FUNCTION IF EXISTS registry_bigrams(text)")
  }

  /// Whether a search may name the function that the indexes on texts are made with.
  static func hasBigrams(_ connection: inout Connection) throws -> Bool {
    try connection.bool("SELECT to_regprocedure('registry_bigrams(text)') IS NOT NULL")
  }

  /// Whether the role may build them; no row where there is no registry.
  private static let isOwner = """
    SELECT pg_has_role(relowner, 'USAGE') AND has_schema_privilege(relnamespace, 'CREATE') AS is_owner FROM pg_class
    WHERE oid = to_regclass('tax_registration')
    """

  /// The table whose lock prevents two builds at once. Only the registry's owner may lock it, and a load does not lock
  /// it.
  private static let table = "schema_migration"

  /// Quoted: statements outside of transactions have to name it.
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
