import ConsoleQueries
import Postgres
import TestCluster
import Testing

@Suite("Export of a search", .needsRunDatabase)
struct RegistrationExportTests {
  /// Reads CSV (RFC 4180) scalar by scalar.
  private static func read(_ text: String) -> [[String]] {
    var rows: [[String]] = [[]]
    var cell = String.UnicodeScalarView()
    var isQuoted = false
    var scalars = Array(text.unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      switch (scalar, isQuoted) {
      case ("\"", true) where scalars.first == "\"": cell.append(scalars.removeFirst())
      case ("\"", _): isQuoted.toggle()
      case (",", false), ("\r", false):
        rows[rows.count - 1].append(String(cell))
        cell = .init()
        if scalar == "\r" {
          rows.append([])
          #expect(scalars.popFirst() == "\n")
        }
      default: cell.append(scalar)
      }
    }
    #expect(rows.last == [] && cell.isEmpty && !isQuoted)
    return rows.dropLast()
  }

  private func export(_ values: [String: String], _ connection: inout Connection) throws -> (String, Int) {
    var bytes: [UInt8] = []
    let count = try RegistrationExport(RegistrationQuery(values)).write(on: &connection) { bytes += $0 }
    let text = try #require(String(validating: bytes, as: UTF8.self))
    return (text, count)
  }

  /// Returns the value of a cell as correction sheets are read: one apostrophe is removed, and an empty cell is nil.
  private static func value(_ cell: String) -> String? {
    if cell.isEmpty { return nil }
    return cell.unicodeScalars.first == "'" ? String(cell.unicodeScalars.dropFirst()) : cell
  }

  @Test("contains the search's results in its order, and no cell that a spreadsheet reads as a formula")
  func model() throws {
    var dice = ModelDice()
    let seed = dice.random.seed
    let businesses = dice.businesses(200)
    let byBAN = Dictionary(uniqueKeysWithValues: businesses.map { ($0.ban, $0) })
    let queries = (0..<40).map { _ in dice.query(businesses) } + [[:]]
    try RunHarness.with { _, connection in
      for business in businesses { try business.insert(&connection) }
      for isIndexed in [false, true] {
        if isIndexed { try SearchIndexes.build(on: &connection) }
        for query in queries {
          let (text, count) = try export(query, &connection)
          #expect(text.hasPrefix("\u{FEFF}營業地址,統一編號,總機構統一編號,營業人名稱,"), "seed \(seed)")
          let rows = Self.read(String(text.unicodeScalars.dropFirst()))
          #expect(rows.first == RegistrationExport.columns)
          #expect(
            rows.dropFirst().map { Self.value($0[1]) } == ModelSearch.find(businesses, query), "seed \(seed) \(query)")
          #expect(count == rows.count - 1)
          for row in rows.dropFirst() {
            let business = try #require(Self.value(row[1]).flatMap { byBAN[$0] })
            #expect(row.count == RegistrationExport.columns.count)
            for cell in row {
              #expect(!"=+-@\t\r＝＋－＠".unicodeScalars.contains(cell.unicodeScalars.first ?? "x"), "seed \(seed)")
            }
            let values = row.map(Self.value)
            var expected: [String: String?] = [
              "營業地址": business.address, "統一編號": business.ban, "總機構統一編號": business.headOffice,
              "營業人名稱": business.name, "資本額": business.capital.map(String.init),
              "設立日期": business.setUp, "組織別名稱": business.type,
              "使用統一發票": business.invoice.map { $0 ? "Y" : "N" },
            ]
            for (slot, code) in zip(["", "1", "2", "3"], business.industries) {
              expected["行業代號" + slot] = code
              expected["名稱" + slot] = "行業" + code
            }
            // Compares scalars, because == treats canonically equivalent strings as equal.
            #expect(
              values.map { $0.map { Array($0.unicodeScalars) } }
                == RegistrationExport.columns.map { (expected[$0] ?? nil).map { Array($0.unicodeScalars) } },
              "seed \(seed)")
          }
        }
      }
    }
  }

  @Test("an apostrophe protects leading zeros, formulas and the name NA")
  func apostrophes() throws {
    try RunHarness.with { _, connection in
      try ModelBusiness(
        ban: "01234567", name: "NA", address: "=1+1", capital: 0, setUp: "0199-01-01", headOffice: "00000001",
        industries: ["011111"]
      ).insert(&connection)
      let (text, _) = try export([:], &connection)
      let rows = Self.read(String(text.unicodeScalars.dropFirst()))
      let row = ["'=1+1", "'01234567", "'00000001", "'NA", "0", "0199-01-01", "", "", "'011111", "行業011111"]
      #expect(
        rows.last?.prefix(row.count).map(\.self) == row && rows.last?.dropFirst(row.count).allSatisfy(\.isEmpty) == true
      )
    }
  }

  @Test("is written in pieces, and stops if the writer throws")
  func pieces() throws {
    struct Enough: Error {}
    try RunHarness.with { _, connection in
      try connection.execute(
        """
        INSERT INTO tax_registration (ban, business_name, content_hash)
        SELECT lpad(n::text, 8, '0'), repeat('名', 200), 0 FROM generate_series(1, 2000) AS n
        """)
      var sizes: [Int] = []
      let count = try RegistrationExport(RegistrationQuery()).write(on: &connection) { sizes.append($0.count) }
      #expect(count == 2000)
      #expect(sizes.count > 10)
      #expect((sizes.max() ?? 0) < 70_000)
      #expect(throws: Enough.self) {
        try RegistrationExport(RegistrationQuery()).write(on: &connection) { _ in throw Enough() }
      }
      // The session is still usable.
      #expect(try connection.execute("SELECT 1").number == 1)
    }
  }
}
