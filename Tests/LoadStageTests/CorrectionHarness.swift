import LoadStage
import Records
import Spool
import Support
import Testing

extension Business {
  /// The record as a CSV line of a source or a correction sheet.
  var csv: String {
    var fields: [String: String?] = [
      "營業地址": address, "統一編號": ban, "總機構統一編號": headquarters, "營業人名稱": name,
      "資本額": capital.map(String.init), "設立日期": "1040413", "組織別名稱": type, "使用統一發票": invoice.map { $0 ? "Y" : "N" },
    ]
    for (slot, code) in zip(["", "1", "2", "3"], industries) {
      fields["行業代號" + slot] = code
      fields["名稱" + slot] = "行業" + code
    }
    return TestSpool.columns.map { (fields[$0] ?? nil) ?? "" }.joined(separator: ",")
  }
}

extension CorrectionSheet {
  /// Returns a correction sheet with rows and raw lines.
  static func of(_ rows: [Business], raw: [String] = []) throws -> CorrectionSheet {
    let lines = [TestSpool.columns.joined(separator: ",")] + rows.map(\.csv) + raw
    return try read(Array((lines.joined(separator: "\n") + "\n").utf8))
  }
}

extension TestSpool {
  /// Returns a line of a findings file.
  static func finding(_ code: String, _ severity: String, raw: String) -> String {
    #"{"record":1,"line":3,"byte_offset":9,"code":"\#(code)","severity":"\#(severity)","column":null,"message":"m","raw":"\#(raw)"}"#
  }
}

extension LoadHarness {
  /// Applies corrections.
  @discardableResult
  func replay(
    _ snapshot: SnapshotFolder, _ rows: [Business], _ change: (inout LoadSettings) -> Void = { _ in }
  ) throws -> LoadOutcome {
    let sheet = try CorrectionSheet.of(rows)
    try #require(sheet.records.count == rows.count, "\(sheet.findings)")
    return try replay(snapshot, sheet, change)
  }

  @discardableResult
  func replay(
    _ snapshot: SnapshotFolder, _ sheet: CorrectionSheet, _ change: (inout LoadSettings) -> Void = { _ in }
  ) throws -> LoadOutcome {
    try load(snapshot) {
      $0.action = .replay
      $0.sheet = sheet
      change(&$0)
    }
  }

  /// Withdraws corrections.
  @discardableResult
  func withdraw(_ snapshot: SnapshotFolder, _ bans: String...) throws -> LoadOutcome {
    try load(snapshot) {
      $0.action = .withdraw
      $0.withdrawn = bans.compactMap { UInt32($0) }
    }
  }

  /// Checks the rows that readers see; unlike `expect`, it ignores the working data of the load.
  func expectRegistry(_ rows: [Business], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let registry = try registry()
    let expected = Self.expected(rows)
    #expect(registry == expected, sourceLocation: sourceLocation)
  }

  /// Returns all corrections, each with its end reason.
  func corrections() throws -> [String] {
    try database.rows(
      "SELECT ban, coalesce(end_reason, 'in force') FROM registration_correction ORDER BY id")
  }

  /// Returns the feed rows of the last publication.
  func feed() throws -> [String] {
    try database.rows(
      """
      SELECT kind, ban, coalesce(reason, array_to_string(changed_columns, ' ')) FROM registration_change
      WHERE job_run_id = (SELECT max(job_run_id) FROM publication) ORDER BY ban
      """)
  }
}
