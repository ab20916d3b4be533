import MalformedInputs
import Records
import TestCluster
import TestSupport
import Testing

/// Values with a meaning in SQL, COPY, a spreadsheet or a terminal are loaded and shown as plain data.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct HostileValueTests {
  private static let bans = Days.validBANs

  /// The values, as expected in the database.
  private static func values() -> [String] {
    [
      "'; DROP TABLE tax_registration; --", "$$; DROP TABLE tax_registration; $$", "\\.", "\\N", "\\\\N", "\\", "\\n",
      "=cmd()", "=HYPERLINK(\"x\")", "+1", "-1", "@x", "＝1", "'x", "%s%n$1{}", "NULL", "null", "\\x00", "\u{202E}evil",
      "\u{61C}x",
      "\u{2066}x\u{2069}", "\u{200F}x", "x\u{200B}y", "\u{FEFF}x", "e\u{301}\u{302}\u{303}", "\u{1B}[2J",
      "\u{1B}]0;x\u{7}y",
      "\u{9B}2J", "x\u{7F}\u{8}", "a\tb", "a\nb", "a\r\nb", "a\rb", "a\n\\.\nb", "\"", "a,b", "a\u{2028}b",
      random(255), random(255),
    ]
  }

  /// Returns random characters of four bytes each, which do not compress.
  private static func random(_ count: Int) -> String {
    var text = String.UnicodeScalarView()
    while text.count < count {
      if let scalar = Unicode.Scalar(UInt32.random(in: 0x20000...0x2A6DF)) { text.append(scalar) }
    }
    return String(text)
  }

  /// Returns a record with an invalid capital, so that it has a finding too.
  private static func record(_ ban: Int, _ value: String, address: String) -> String {
    "\(quotedField(address)),\(ban),,\(quotedField(value)),=1+1,1040413,獨資,Y,471913,\(quotedField(value)),,,,,,"
  }

  @Test func hostileValuesAreLoadedAndShownAsData() throws {
    let values = Self.values()
    try Days.with { days in
      let addresses = values.map { $0.unicodeScalars.count == 255 ? Self.random(500) : $0 }
      let hostile = values.indices.map { Self.record(Self.bans[$0], values[$0], address: addresses[$0]) }
      let half = values.count / 2
      // The initial load copies into new tables, the incremental load compares and changes rows.
      let plain = values.indices[half...].map { Days.record(Self.bans[$0], "第\($0)商店") }
      try days.fetch(hostile[..<half] + plain, day: 1)
      let first = try days.succeed()
      // Records with a NUL or a wrong number of fields are rejected and reported.
      let rejected = ["\u{1B}[2J,20009999,,x\u{0}y,,,,,,,,,,,,", "=1,'; DROP TABLE etl_job_run; --"]
      try days.fetch(hostile + rejected, day: 2)
      let second = try days.succeed("--accept", "'; DROP TABLE publication; --\u{202E}\u{1B}[2J")
      for ended in [first, second] { expectSafe(ended.stdout + ended.stderr) }

      try expectStored(values, addresses, days)
      try expectTold(Array(values[half...]), days)
      try expectFound(values, addresses, days)
    }
  }

  private func expectStored(_ values: [String], _ addresses: [String], _ days: Days) throws {
    let rows = try days.database.execute(
      """
      SELECT encode(convert_to(business_name, 'UTF8'), 'hex'), encode(convert_to(business_address, 'UTF8'), 'hex'),
        (SELECT encode(convert_to(industry_name, 'UTF8'), 'hex') FROM business_industry WHERE business_id = ban)
      FROM tax_registration ORDER BY ban
      """
    ).values
    try #require(rows.count == values.count)
    for (index, row) in rows.enumerated() {
      #expect(
        row == [hex(values[index]), hex(addresses[index]), hex(values[index])], "\(values[index].debugDescription)")
    }
    // Found through the index, which also holds values of 1,020 bytes.
    for value in values where value.unicodeScalars.count == 255 {
      let found = try days.database.scalar("SELECT count(*) FROM tax_registration WHERE business_name = '\(value)'")
      #expect(found == "1")
    }
    #expect(try days.database.scalar("SELECT count(*) FROM data_import_error WHERE severity = 'error'") == "2")
  }

  /// Checks the change feed of the second day.
  private func expectTold(_ names: [String], _ days: Days) throws {
    let shown = try days.succeed("changes").stdout
    expectSafe(shown)
    #expect(shown.split(separator: "\n").last == "\(names.count) changed")
    #expect(
      shown.contains("'; DROP TABLE tax_registration; --") == names.contains("'; DROP TABLE tax_registration; --"))
    let lines = try days.succeed("changes", "--json").stdout.split(separator: "\n")
    let told = try lines.map { try JSON($0)["after"]?["business_name"]?.string ?? "" }
    #expect(Set(told.map(hex)) == Set(names.map(hex)))
    try expectSafe(days.succeed("status").stdout)
  }

  /// Checks the findings as text, JSON and an exported sheet.
  private func expectFound(_ values: [String], _ addresses: [String], _ days: Days) throws {
    let workshop = days.workshop
    try expectSafe(workshop.succeed("transform", "findings").stdout)
    let lines = try workshop.succeed("transform", "findings", "--json").stdout.split(separator: "\n")
    #expect(try lines.map { try JSON($0) }.count == values.count + 2)
    try workshop.succeed("transform", "findings", "--export", "out.csv", "--code", "INVALID_CAPITAL")
    let sheet = try #require(ScratchFolder.read(workshop.scratch.path + "/out.csv"))
    let cells = Self.cells(Array(sheet.dropFirst(3)))
    #expect(cells.count == (values.count + 1) * (5 + 16 + 2))
    let formulas = cells.filter { cell in "=+-@\t\r＝＋－＠".unicodeScalars.contains { cell.unicodeScalars.first == $0 } }
    #expect(formulas == [])
    // Read back from the sheet, the values are unchanged.
    let taken = try CorrectionSheet.read(touched(sheet)).records.flatMap { CopyTextReader.rows($0.registration) }
    #expect(taken.map { hex($0[2] ?? "") } == values.map(hex))
    #expect(taken.map { hex($0[3] ?? "") } == addresses.map(hex))
  }

  /// Returns all cells of a CSV file, as a spreadsheet parses them.
  private static func cells(_ bytes: [UInt8]) -> [String] {
    var cells: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case 0x22:
        // Two quotes inside a quoted cell stand for one.
        if !isQuoted, index > 0, bytes[index - 1] == 0x22 { cell.append(byte) }
        isQuoted.toggle()
      case 0x2C where !isQuoted, 0x0A where !isQuoted:
        cells.append(String(decoding: cell, as: UTF8.self))
        cell = []
      default: cell.append(byte)
      }
    }
    return cells
  }

  /// Checks that a text has no control or bidirectional characters.
  private func expectSafe(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let unsafe = text.unicodeScalars.filter { scalar in
      let isControl = scalar.properties.generalCategory == .control && scalar != "\n"
      return isControl || scalar.properties.isBidiControl || scalar == "\u{2028}" || scalar == "\u{2029}"
        || scalar == "\u{FEFF}"
    }
    #expect(unsafe.isEmpty, "\(text)", sourceLocation: sourceLocation)
  }

  private func hex(_ text: String) -> String {
    text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
