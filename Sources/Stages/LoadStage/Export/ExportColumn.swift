import Records

/// A column of an export, which is a column of `registry_as_of` or `registry_changes`.
struct ExportColumn {
  enum Kind {
    case text, number, date, flag
    /// An array of texts.
    case list
    /// The industries of a business, as JSON.
    case industries
  }

  let name: String
  let kind: Kind

  init(_ name: String, _ kind: Kind) {
    self.name = name
    self.kind = kind
  }

  /// The state of a business.
  static let business =
    StoredColumn.all.flatMap { column in
      [ExportColumn(column.name, Kind(column.form))]
        + (column.name == "business_address" ? ["city", "district"].map { ExportColumn($0, .text) } : [])
    } + [ExportColumn("industries", .industries)]

  /// A business that differs between two days: its state before and after, beside what is known of the change.
  static let change =
    [
      ExportColumn("ban", .text), ExportColumn("kind", .text), ExportColumn("reason", .text),
      ExportColumn("changed_columns", .list), ExportColumn("as_of_date", .date), ExportColumn("cause", .text),
    ]
    + business.filter { $0.name != "ban" }.flatMap { column in
      ["before", "after"].map { ExportColumn("\(column.name)_\($0)", column.kind) }
    }

  /// The cells of a spreadsheet: header and SQL, from a row `r`. Industries take two cells each.
  var cells: [(header: String, sql: String)] {
    switch kind {
    case .text: [(name, SheetCell.sql("r.\(name)"))]
    case .number, .date: [(name, "r.\(name)")]
    case .flag: [(name, "CASE WHEN r.\(name) THEN 'Y' WHEN NOT r.\(name) THEN 'N' END")]
    case .list: [(name, "pg_catalog.array_to_string(r.\(name), ' ')")]
    case .industries:
      Column.industrySlots.flatMap { slot in
        ["industry_code", "industry_name"].map { part in
          (
            name.replacing("industries", with: "\(part)_\(slot)"),
            SheetCell.sql("(r.\(name) -> \(slot - 1) ->> '\(part)')")
          )
        }
      }
    }
  }

  /// The type in SQLite, which has none for dates: they are texts in ISO 8601.
  var sqliteType: String { [.number, .flag].contains(kind) ? "INTEGER" : "TEXT" }
}

extension ExportColumn.Kind {
  fileprivate init(_ form: StoredColumn.Form) {
    self =
      switch form {
      case .text: .text
      case .amount: .number
      case .date: .date
      case .flag: .flag
      }
  }
}
