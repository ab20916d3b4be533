import Glibc
import Postgres
import SQLite
import Spool
import Support

extension ExportSource {
  /// Fills a new database: a table of the businesses and one of their industries, or a table of the changes. SQLite keeps
  /// the text of a definition, so the columns' comments stand in it (`.schema`).
  ///
  /// - Parameters:
  ///   - file: an empty file, which the caller makes durable.
  ///   - path: its later name, for messages.
  /// - Returns: the number of rows of the first table.
  func writeSQLite(_ file: String, _ path: String, _ session: inout Connection) throws -> Int {
    let comments = try comments(&session)
    do {
      let database = try SQLiteDatabase(private: file, temporaryFolder: Folder.of(path))
      // A broken file is dropped, and the caller flushes a whole one, so SQLite need not. The cache bounds the memory.
      try database.execute(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384"
      )
      try database.execute(definitions(comments))
      try describe(database)
      try database.execute("BEGIN")
      let names = columns.filter { isOfChanges || $0.kind != .industries }.map(\.name)
      let values = names.map { "json_extract(?1, '$.\($0)')" }.joined(separator: ", ")
      let row = try database.prepare(
        "INSERT INTO \(table) (\(names.joined(separator: ", "))) SELECT \(values)")
      let industry = try isOfChanges ? nil : database.prepare(Self.industries)
      let rows = try copyJSON(&session) { json in
        try row.run(json)
        try industry?.run(json)
      }
      try database.execute("COMMIT")
      try database.execute(indexes)
      return rows
    } catch let error as SQLiteError {
      if error.isOfFullDisk { throw Failure.system("write '\(path)'", errno: ENOSPC) }
      throw Failure(error.isOfStorage ? .storage : .bug, "unable to write '\(path)': \(error.message)")
    }
  }

  private var table: String { isOfChanges ? "business_change" : "business" }

  private static let industries = """
    INSERT INTO business_industry_slot (ban, slot, industry_code, industry_name, division)
    SELECT json_extract(?1, '$.ban'), json_extract(value, '$.order'), json_extract(value, '$.industry_code'),
      json_extract(value, '$.industry_name'), substr(json_extract(value, '$.industry_code'), 1, 2)
    FROM json_each(?1, '$.industries')
    """

  private func definitions(_ comments: [String: String]) -> String {
    func definition(_ name: String, _ columns: [ExportColumn], key: String, comment: String) -> String {
      let lines = columns.map { column in
        let comment = comments[column.name].map { " -- \($0.filter { !$0.isNewline })" } ?? ""
        return "  \(column.name) \(column.sqliteType),\(comment)\n"
      }
      return "CREATE TABLE \(name) ( -- \(comment)\n\(lines.joined())  PRIMARY KEY (\(key))\n) WITHOUT ROWID;\n"
    }
    let about = definition(
      "about", [ExportColumn("name", .text), ExportColumn("value", .text)], key: "name", comment: "What this file has")
    guard !isOfChanges else {
      return about
        + definition(table, columns, key: "ban", comment: "The businesses that differ between the two days")
    }
    let slots = [
      ExportColumn("ban", .text), ExportColumn("slot", .number), ExportColumn("industry_code", .text),
      ExportColumn("industry_name", .text), ExportColumn("division", .text),
    ]
    return about
      + definition(
        table, columns.filter { $0.kind != .industries }, key: "ban", comment: "The businesses of the registry")
      + definition(
        "business_industry_slot", slots, key: "ban, slot", comment: "The industries of the businesses, in order")
  }

  private var indexes: String {
    isOfChanges
      ? "CREATE INDEX business_change_kind ON business_change (kind)"
      : """
      CREATE INDEX business_place ON business (city, district);
      CREATE INDEX business_headquarters ON business (headquarters_ban);
      CREATE INDEX business_by_name ON business (business_name);
      CREATE INDEX business_industry_slot_code ON business_industry_slot (industry_code);
      """
  }

  /// The comments of the columns, as the database has them.
  private func comments(_ session: inout Connection) throws -> [String: String] {
    let rows = try session.rows(
      """
      SELECT a.attname AS name, pg_catalog.col_description(a.attrelid, a.attnum) AS comment FROM pg_catalog.pg_attribute a
      WHERE a.attnum > 0 AND a.attrelid = ANY ($1::regclass[])
        AND pg_catalog.col_description(a.attrelid, a.attnum) IS NOT NULL
      """,
      [
        PostgresArray.of(
          isOfChanges ? ["registration_change_flat"] : ["tax_registration", "business", "business_industry_slot"])
      ])
    return Dictionary(try rows.map { (try $0.text("name"), try $0.text("comment")) }) { $1 }
  }

  private func describe(_ database: borrowing SQLiteDatabase) throws {
    for (name, value) in Array(zip(isOfChanges ? ["from_day", "to_day"] : ["day"], days)) + request {
      let statement = try database.prepare("INSERT INTO about VALUES ('\(name)', ?1)")
      try Array(value.utf8).withUnsafeBytes { try statement.run($0) }
    }
  }
}
