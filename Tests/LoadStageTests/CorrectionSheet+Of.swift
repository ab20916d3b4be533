import Records
import Testing

extension CorrectionSheet {
  /// A sheet that calls businesses `corrected`.
  static func of(_ bans: [String]) throws -> CorrectionSheet {
    let rows = bans.map { ban in
      "臺北市信義區市府路１號,\(ban),,corrected,5,1040413,獨資,Y,471913,行業471913" + String(repeating: ",", count: 6)
    }
    let lines = [TestSpool.columns.joined(separator: ",")] + rows
    let sheet = try CorrectionSheet.read(Array(lines.map { $0 + "\n" }.joined().utf8))
    try #require(sheet.records.count == bans.count)
    return sheet
  }
}
