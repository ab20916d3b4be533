import Postgres
import Support

/// The rows to export, in one state of the database.
struct ExportSource {
  let columns: [ExportColumn]
  /// The days: one for the registry, two for changes.
  let days: [String]
  private let filters: [Filter]
  /// What was asked for, by name.
  let request: [(name: String, value: String)]

  var isOfChanges: Bool { days.count > 1 }
  /// A name for the file, without extension: `registry-2026-09-02`, `changes-2026-09-01-2026-09-02`.
  var fileName: String { ([isOfChanges ? "changes" : "registry"] + days).joined(separator: "-") }

  init(_ export: RegistryExport, _ session: inout Connection) throws {
    guard let newest = try session.optionalText("SELECT as_of_date FROM publication ORDER BY id DESC LIMIT 1") else {
      throw Failure(
        .notReady, "\(session.place): nothing is published yet", hint: "run '\(command: .run)' first")
    }
    // As before a load: an export of tables that somebody has emptied would replace a good file.
    guard
      try session.bool(
        """
        SELECT EXISTS (SELECT FROM tax_registration)
          OR (SELECT registrations FROM publication ORDER BY id DESC LIMIT 1) = 0
        """)
    else {
      throw Failure(
        .data, "\(session.place): table tax_registration is empty, although businesses are published",
        hint: "run '\(command: .load)': it says how to restore the table")
    }
    switch export.content {
    case .registry(let day):
      columns = ExportColumn.business
      days = [try Self.day(day ?? newest, "--date", &session)]
    case .changes(let from, let to):
      columns = ExportColumn.change
      days = [try Self.day(from, "--from", &session), try Self.day(to ?? newest, "--to", &session)]
      guard days[0] <= days[1] else {
        throw Failure(
          .usage, "--from '\(days[0])' is after \(to == nil ? "the newest day," : "--to") '\(days[1])'",
          hint: "name an earlier day")
      }
    }
    let cities = try export.cities.map { try Self.city($0, &session) }
    let districts = try export.districts.map { try Self.district($0, &session) }
    for code in export.industries where !(1...6).contains(code.utf8.count) || !code.utf8.allSatisfy(\.isDigit) {
      throw Failure(
        .usage, "--industry '\(code)' is not a code or its beginning",
        hint: "use up to six digits, such as 56 or 561113")
    }
    let lists = [("city", cities), ("district", districts), ("industry", export.industries)].filter { !$1.isEmpty }
    request = lists.map { ($0, $1.joined(separator: " ")) }
    filters = lists.map { Filter(name: $0, values: String.sqlLiteral(PostgresArray.of($1)) + "::text[]") }
  }

  /// Copies the rows out.
  ///
  /// - Parameters:
  ///   - row: the columns of the result, in SQL.
  ///   - format: further options of COPY.
  /// - Returns: the number of rows.
  func copy(
    row: String, format: String = "NULL ''", _ session: inout Connection,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> Int {
    let literals = days.map(String.sqlLiteral).joined(separator: ", ")
    return try session.copyOut(
      String(
        sql: PackageResources.export_sql,
        [
          "row": row, "columns": columns.map { "s.\($0.name)" }.joined(separator: ", "),
          "relation": "\(isOfChanges ? "registry_changes" : "registry_as_of")(\(literals))", "conditions": conditions,
          "format": format,
        ]), body)
  }

  /// All filters apply to one state of a business.
  private var conditions: String {
    guard !filters.isEmpty else { return "true" }
    return (isOfChanges ? ["_before", "_after"] : [""]).map { side in
      filters.map { $0.condition(side) }.joined(separator: " AND ")
    }.joined(separator: " OR ")
  }

  private struct Filter {
    let name: String
    /// An SQL literal of the type `text[]`.
    let values: String

    /// - Parameter side: the end of the columns' names.
    func condition(_ side: String) -> String {
      guard name == "industry" else { return "s.\(name)\(side) = ANY (\(values))" }
      return """
        EXISTS (
          SELECT FROM pg_catalog.jsonb_array_elements(s.industries\(side)) AS i WHERE i ->> 'industry_code' ^@ ANY (\(values)))
        """
    }
  }

  /// Returns the day, if the registry has a state of it.
  private static func day(_ day: String, _ option: String, _ session: inout Connection) throws -> String {
    do { _ = try session.optionalInt("SELECT registry_run_as_of($1::date)", [day]) } catch let error as PostgresError
      where ["P0001", "P0002"].contains(error.sqlState)
    { throw Failure(.usage, "\(option) '\(day)': \(error.message)", hint: "SELECT * FROM registry_day lists the days") }
    return day
  }

  private static func city(_ name: String, _ session: inout Connection) throws -> String {
    guard let city = try session.optionalText("SELECT address_city($1)", [name]), name.count == 3 else {
      throw Failure(.usage, "--city '\(name)' is not a city or county", hint: "for instance --city 臺北市")
    }
    return city
  }

  private static func district(_ name: String, _ session: inout Connection) throws -> String {
    let found = try session.optionalText(
      "SELECT coalesce(address_district('臺北市' || $1), address_district('南投縣' || $1))", [name])
    guard let found, found.count == name.count else {
      throw Failure(
        .usage, "--district '\(name)' is not a district, city, town or township", hint: "for instance --district 大安區")
    }
    return found
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}
