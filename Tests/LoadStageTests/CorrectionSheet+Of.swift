import Records
import Testing

extension CorrectionSheet {
  /// Returns a sheet that renames businesses to `corrected`.
  static func of(_ bans: [String]) throws -> CorrectionSheet {
    let rows = bans.map { ban in
      var row = Business(ban, "corrected")
      row.capital = 5
      row.industries = ["471913"]
      return row
    }
    let sheet = try of(rows)
    try #require(sheet.records.count == bans.count)
    return sheet
  }
}
