extension Connection {
  /// Runs reading statements that see one state of the database, in which these tables are whole.
  ///
  /// Another session may replace a table by a new one of the same name. A transaction whose snapshot is older would find
  /// the new table without its rows, or with only a part of them. So the tables are locked against that, and the
  /// transaction begins again if one was replaced before.
  ///
  /// - Parameter tables: names, which need no quotes.
  public mutating func snapshot<Result>(
    of tables: [String], _ body: (inout Connection) throws -> Result
  ) throws -> Result {
    let isKept = tables.map { table in
      "EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = '\(table)'::regclass AND relname = '\(table)')"
    }.joined(separator: " AND ")
    while true {
      let result = try transaction(nil, .snapshot) { session -> Result? in
        try session.execute("LOCK TABLE \(tables.joined(separator: ", ")) IN ACCESS SHARE MODE")
        // The names mean the tables of now; the rows of pg_class are those of the snapshot.
        return try session.bool("SELECT \(isKept)") ? body(&session) : nil
      }
      if let result { return result }
    }
  }
}
