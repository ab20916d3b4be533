import Digest
import Postgres
import Records
import Support

/// The views and functions for analysts (`SQL/analysis.sql`), made from the declared columns.
package enum AnalysisObjects {
  /// The migration that creates what they are built on.
  static let since = 7

  /// Creates or replaces them, in the caller's transaction.
  static func create(_ session: inout Connection) throws {
    try session.execute(definition(schema(&session), digest: digest(&session)))
    try session.execute(String(sql: PackageResources.comment_analysis_sql))
  }

  /// Whether the database has them as this version makes them, for this schema.
  static func areCurrent(_ session: inout Connection) throws -> Bool {
    try session.bool(
      String(
        sql: PackageResources.are_analysis_objects_current_sql,
        ["views": views.map { "'\($0)'" }.joined(separator: ", "), "digest": digest(&session)]))
  }

  /// The SHA-256 of the definition, which a function of it contains.
  private static func digest(_ session: inout Connection) throws -> String {
    SHA256.of(Array(try definition(schema(&session), digest: "").utf8))
  }

  private static func definition(_ schema: String, digest: String) throws -> String {
    var values = values(schema)
    values["schema"] = schema
    values["digest"] = digest
    values["after_columns"] = nil
    values["state_columns"] = list { "\($0.name) \($0.form.sqlType)" }
    values["image"] = RegistrationImage.sql("r", industries: "\(schema).business_industry")
    values["differing"] = RegistrationImage.differing.map { "'\($0)'" }.joined(separator: ", ")
    values["business_columns"] = businessColumns
    values["change_columns"] = changeColumns(schema)
    values["state_as_of"] = try state(run: "(SELECT \(schema).registry_run_as_of(as_of))", schema)
    return try String(sql: PackageResources.analysis_sql, values)
  }

  /// Returns a query of the registry after a job run.
  ///
  /// - Parameter run: an SQL expression without columns.
  static func state(run: String, _ session: inout Connection) throws -> String { try state(run: run, schema(&session)) }

  private static func state(run: String, _ schema: String) throws -> String {
    var values = values(schema)
    values["schema"] = schema
    values["run"] = run
    values["anchor"] = "(SELECT \(schema).registry_anchor(\(run)))"
    return try String(sql: PackageResources.registry_state_sql, values)
  }

  /// The columns of a state that are stored. City and district are computed.
  static let stateColumns = StoredColumn.all.map(\.name) + ["industries"]

  private static func schema(_ session: inout Connection) throws -> String {
    try session.row("SELECT pg_catalog.quote_ident(pg_catalog.current_schema()) AS schema").text("schema")
  }

  /// The columns of a state, from a row `r` of a table or from an image of a row `l`.
  private static func values(_ schema: String) -> [String: String] {
    func image(_ image: String) -> String {
      let address = StoredColumn.all.first { $0.name == "business_address" }.map { $0.value(in: image) } ?? "NULL"
      return list { $0.name == "ban" ? "l.ban" : $0.value(in: image) }
        + ", \(image) -> 'industries', \(schema).address_city(\(address)), \(schema).address_district(\(address))"
    }
    return [
      "row_columns": list { "r.\($0.name)" },
      "industries": RegistrationImage.industries(of: "r", in: "\(schema).business_industry"),
      "before_columns": image("l.before"), "after_columns": image("l.after"),
    ]
  }

  /// The views that `SQL/analysis.sql` creates.
  package static let views = [
    "business", "business_industry_slot", "registration_change_flat", "registry_day", "registry_freshness",
  ]

  private static func list(_ sql: (StoredColumn) -> String) -> String {
    StoredColumn.all.map(sql).joined(separator: ", ")
  }

  /// The columns of the view business up to its industries. The set-up date as published is left out: `setup_date` has it.
  private static var businessColumns: String {
    StoredColumn.all.filter { $0.name != "business_setup_date" }.flatMap { column in
      let names = [column.name] + (column.name == "business_address" ? ["city", "district"] : [])
      return names.map { column.form == .text ? "\($0) COLLATE \"C\" AS \($0)" : $0 }
    }.joined(separator: ", ")
  }

  /// Each column before and after a change, from a row `c` with the images.
  private static func changeColumns(_ schema: String) -> String {
    func pair(_ name: String, _ value: (String) -> String) -> String {
      "\(value("c.before")) AS \(name)_before, \(value("c.after")) AS \(name)_after"
    }
    return StoredColumn.all.filter { $0.name != "ban" }.flatMap { column in
      let address = column.name == "business_address"
      return [pair(column.name) { column.value(in: $0) }]
        + (address ? ["city", "district"] : []).map { part in
          pair(part) { "\(schema).address_\(part)(\(column.value(in: $0)))" }
        }
    }.joined(separator: ", ") + ", " + pair("industries") { "\($0) -> 'industries'" }
  }
}

extension StoredColumn {
  /// SQL for the value of this column in an image of the change feed.
  fileprivate func value(in image: String) -> String {
    let text = "(\(image) ->> '\(name)')"
    return form == .text ? "\(text) COLLATE \"C\"" : "\(text)::\(form.sqlType)"
  }
}
