import ConsoleQueries
import Postgres
import SeededRandom
import Testing

@Suite("Figures", .needsRunDatabase)
struct FigureTests {
  @Test("days show their last publication that counts, and how they differ from the day before")
  func days() throws {
    var random = SeededRandom()
    try RunHarness.with { harness, connection in
      var publications: [(day: String, registrations: Int, counts: [Int])] = []
      for number in 0..<25 {
        let day = "2026-09-0\(1 + random.below(9))"
        let run = try harness.run(&connection)
        let counts = (0..<4).map { _ in random.below(50) }
        let isOld = random.below(4) == 0
        publications.append((day, random.below(1000), isOld ? [counts[0], counts[1], counts[2], 0] : counts))
        try harness.publication(
          &connection, run: run, snapshot: "S\(number)", kind: number == 0 ? "bulk" : "reconcile", day: day,
          registrations: publications.last?.registrations ?? 0,
          counts: isOld ? [counts[0], counts[1], counts[2]] : [99, 99, 99],
          changes: isOld
            ? "{}"
            : #"{"kinds": {"added": \#(counts[0]), "changed": \#(counts[1]), "removed": \#(counts[2]), "reappeared": \#(counts[3])}}"#
        )
      }
      let shown = try Figures.registryByDay(&connection)
      #expect(shown.map(\.date) == Set(publications.map(\.day)).sorted(), "seed \(random.seed)")
      var earlier: Int?
      for day in shown {
        // A later publication for an earlier day counts from that day on.
        let last = try #require(publications.lastIndex { $0.day <= day.date })
        #expect(day.registrations == publications[last].registrations, "\(day.date), seed \(random.seed)")
        // With several publications since the day before, the feed has the net changes. It is empty here.
        let counts = earlier.map { last - $0 == 1 ? publications[last].counts : [0, 0, 0, 0] }
        let changes = day.changes.map { [$0.added, $0.changed, $0.removed, $0.reappeared] }
        #expect(changes == counts, "\(day.date), seed \(random.seed)")
        earlier = last
      }
      let some = try Figures.registryByDay(&connection, days: 3)
      #expect(some == shown.suffix(3), "seed \(random.seed)")
    }
  }

  @Test("businesses are counted by city, type and month")
  func registry() throws {
    var random = SeededRandom()
    try RunHarness.with { harness, connection in
      let addresses = ["臺北市中正區", "台北市大安區", "新北市板橋區", "金門縣", "某地", "", nil, "高雄"]
      let cities = ["臺北市", "臺北市", "新北市", "金門縣", nil, nil, nil, nil]
      let kinds = ["獨資", "有限公司", nil]
      let dates = ["2023-09-30", "2023-10-01", "2024-02-29", "2026-09-01", "2026-09-30", "2026-10-01", nil]
      var byCity: [String?: Int] = [:]
      var byKind: [String?: Int] = [:]
      var byDate: [String: Int] = [:]
      for number in 0..<200 {
        let (address, kind, date) = (random.below(8), random.below(3), random.below(7))
        byCity[cities[address], default: 0] += 1
        byKind[kinds[kind], default: 0] += 1
        if let date = dates[date] { byDate[date, default: 0] += 1 }
        try connection.execute(
          """
          INSERT INTO tax_registration (ban, business_name, business_address, business_type, setup_date, content_hash)
          VALUES ($1, '甲', $2, $3, $4, 0)
          """, ["\(number)", addresses[address], kinds[kind], dates[date]])
      }
      let run = try harness.run(&connection)
      try harness.publication(&connection, run: run, snapshot: "S1", day: "2026-09-15")
      func check(_ groups: [Figures.Group], _ expected: [String?: Int]) {
        #expect(Dictionary(uniqueKeysWithValues: groups.map { ($0.name, $0.count) }) == expected, "seed \(random.seed)")
        let named = groups.filter { $0.name != nil }
        #expect(named.map(\.count) == named.map(\.count).sorted(by: >), "seed \(random.seed)")
        #expect(groups.dropLast().allSatisfy { $0.name != nil }, "seed \(random.seed)")
      }
      check(try Figures.businessesByCity(&connection), byCity)
      check(try Figures.businessesByType(&connection), byKind)
      let months = try Figures.setUpByMonth(&connection)
      #expect(months.count == 36 && months.first?.month == "2023-10" && months.last?.month == "2026-09")
      #expect(Set(months.map(\.month)).count == 36)
      for month in months {
        let expected = byDate.filter { $0.key.hasPrefix(month.month) }.map(\.value).reduce(0, +)
        #expect(month.count == expected, "\(month.month), seed \(random.seed)")
      }
      let publication = try Figures.publication(&connection)
      #expect(publication == 1)
    }
  }

  @Test("an empty registry has no figures")
  func empty() throws {
    try RunHarness.with { _, connection in
      let publication = try Figures.publication(&connection)
      #expect(publication == nil)
      let days = try Figures.registryByDay(&connection)
      let months = try Figures.setUpByMonth(&connection)
      let cities = try Figures.businessesByCity(&connection)
      #expect(days.isEmpty && months.isEmpty && cities.isEmpty)
    }
  }
}

@Suite("Figures from summaries")
struct FigureSummaryTests {
  @Test("stages have their durations, and a stage that did not run has none")
  func durations() throws {
    let summary = try #require(RunSummary(json: RunSummaryTests.failed))
    let durations = try #require(StageDurations(summary))
    #expect(durations.fetch == 0.016 && durations.transform == nil && durations.load == 2.5)
    #expect(durations.total == 2.516)
    let empty = try #require(RunSummary(json: #"{"status": "failed", "stages": {}}"#))
    #expect(StageDurations(empty) == nil)
  }

  @Test("findings are split into rejections and warnings, most frequent first")
  func findings() {
    let counts = FindingCounts(["INVALID_BAN": 3, "BAN_CHECKSUM": 9, "DUPLICATE": 5, "INVALID_DATE": 0, "NEW_CODE": 1])
    #expect(counts.rejections.map(\.code) == ["DUPLICATE", "INVALID_BAN"])
    #expect(counts.warnings.map(\.count) == [9, 1])
  }
}
