import LoadStage
import Postgres
import Spool
import Support
import TestCluster
import Testing

@Suite("Views and functions for analysts", .needsServer)
struct AnalysisTests {
  private func freshness(_ harness: LoadHarness) throws -> [String] {
    try harness.database.rows(
      """
      SELECT source_date, published_at = (SELECT max(published_at) FROM publication), last_checked_at >= published_at,
        age_days = (now() AT TIME ZONE 'Asia/Taipei')::date - source_date FROM registry_freshness
      """)
  }

  @Test("freshness is that of the newest date with the registry's content, also after an unchanged run")
  func fresh() throws {
    try LoadHarness.with { harness in
      let first = try harness.spool.snapshot(businesses(20), .init(sourceDate: "2026-09-01"))
      try harness.load(first)
      #expect(try freshness(harness) == ["2026-09-01|t|t|t"])
      let same = try harness.spool.snapshot(businesses(20), .init(sourceDate: "2026-09-02"))
      try harness.database.execute("UPDATE source_check SET checked_at = '2020-01-01'")
      #expect(try harness.load(same).result == .unchanged)
      #expect(try freshness(harness) == ["2026-09-02|t|t|t"])
      try harness.load(businesses(21), .init(sourceDate: "2026-09-03"))
      try harness.load(first) { $0.action = .rollback }
      #expect(try freshness(harness) == ["2026-09-01|t|t|t"])
    }
  }

  @Test("a file without a date leaves the registry without one, until a rollback or a file has one again")
  func undated() throws {
    try LoadHarness.with { harness in
      let first = try harness.spool.snapshot(businesses(20), .init(sourceDate: "2026-09-01"))
      try harness.load(first)
      try harness.load(try harness.spool.snapshot(businesses(21), .init(sourceDate: nil))) { $0.acceptance = .test }
      #expect(try harness.database.rows("SELECT source_date, age_days FROM registry_freshness") == ["-|-"])
      try harness.load(first) { $0.action = .rollback }
      #expect(try freshness(harness) == ["2026-09-01|t|t|t"])
    }
  }

  @Test("a day that is NULL, and days in the wrong order, are errors")
  func noDay() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(3), .init(sourceDate: "2026-09-01"))
      for call in [
        "registry_as_of(NULL)", "registry_on(NULL, '10000000')", "registry_changes(NULL, '2026-09-01')",
        "registry_changes('2026-09-02', '2026-09-01')",
      ] {
        #expect(throws: PostgresError.self, "\(call)") { try harness.database.rows("SELECT count(*) FROM \(call)") }
      }
    }
  }

  @Test("after a repair of rows that were edited by hand, no day shows the edits")
  func repaired() throws {
    try LoadHarness.with { harness in
      var rows = businesses(40)
      var last: SnapshotFolder?
      for day in 1...5 {
        for index in rows.indices.dropFirst() { rows[index].name = "day \(day)" }
        let snapshot = try harness.spool.snapshot(rows, .init(sourceDate: "2026-09-0\(day)"))
        try harness.load(snapshot) { $0.acceptance = .test }
        last = snapshot
        if day == 1 {
          try harness.database.execute(
            "UPDATE tax_registration SET business_name = 'edit' WHERE ban = '\(rows[0].ban)'")
        }
      }
      let edited = """
        SELECT count(*) FROM generate_series(1, 5) AS d, registry_as_of(date '2026-08-31' + d) AS r WHERE r.business_name = 'edit'
        """
      #expect(try harness.database.scalar("SELECT count(*) > 0 FROM registration_checkpoint") == "t")
      #expect(try harness.database.scalar(edited) == "5")
      try harness.load(try #require(last)) {
        $0.verify = true
        $0.acceptance = .test
      }
      #expect(try harness.database.scalar(edited) == "0")
    }
  }

  @Test("the industries are every code that was seen, with its latest name and days")
  func industries() throws {
    try LoadHarness.with { harness in
      var rows = businesses(4)
      rows[0].industries = ["561111"]
      try harness.load(rows, .init(sourceDate: "2026-09-01"))
      rows[0].industries = ["561112"]
      rows[1].industryNames["471913"] = "改名"
      try harness.load(rows, .init(sourceDate: "2026-09-02"))
      #expect(
        try harness.database.rows(
          "SELECT industry_code, industry_name, division, first_seen_on, last_seen_on FROM industry ORDER BY 1") == [
            "471913|改名|47|2026-09-01|2026-09-02", "472913|行業472913|47|2026-09-01|2026-09-02",
            "561111|行業561111|56|2026-09-01|2026-09-01", "561112|行業561112|56|2026-09-02|2026-09-02",
          ])
      #expect(
        try harness.database.rows("SELECT industry_codes, industry_names FROM business ORDER BY ban LIMIT 2")
          == ["{561112}|{行業561112}", "{471913,472913}|{改名,行業472913}"])
      #expect(
        try harness.database.rows("SELECT first_seen_on, last_changed_on FROM business ORDER BY ban LIMIT 1") == [
          "2026-09-01|2026-09-02"
        ])
    }
  }

  @Test("a function that a view of the user calls is kept by the upgrade under another name")
  func upgrade() throws {
    try LoadHarness.with { harness in
      var session = try harness.database.open()
      try Migrator.migrate(&session, Array(Migration.all.prefix(6)), events: harness.log.add)
      try harness.database.execute("CREATE VIEW mine AS SELECT count(*) AS n FROM registry_as_of('2026-09-01')")
      try harness.load(businesses(7), .init(sourceDate: "2026-09-01"))
      #expect(try harness.database.rows("SELECT n FROM mine") == ["7"])
      #expect(try harness.database.rows("SELECT count(city) FROM registry_as_of('2026-09-01')") == ["7"])
    }
  }

  @Test("a name that the user has taken ends the upgrade, and a dropped view is created again")
  func names() throws {
    try LoadHarness.with { harness in
      try harness.database.execute("CREATE TABLE business (mine int)")
      let snapshot = try harness.spool.snapshot(businesses(3))
      let failure = try harness.failure(snapshot)
      #expect(failure.category == .configuration && failure.message.contains("business"), "\(failure)")
      try harness.database.execute("DROP TABLE business")
      try harness.load(snapshot)
      try harness.database.execute("DROP VIEW registry_day")
      // As another version made it.
      try harness.database.execute(
        "CREATE OR REPLACE FUNCTION registry_run_as_of(as_of date) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'")
      try harness.load(businesses(4), .init(sourceDate: "2026-09-02"))
      #expect(try harness.database.rows("SELECT businesses FROM registry_day") == ["3", "4"])
      #expect(try harness.database.rows("SELECT count(*) FROM registry_as_of('2026-09-02')") == ["4"])
    }
  }

  @Test("without the rights of a view's owner, row security and rights of the tables hold for the views")
  func callersRights() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(3))
      let views = AnalysisObjects.views.map { "\(harness.database.name).\($0)" }
      try harness.database.execute(
        """
        CREATE ROLE r\(harness.database.name); GRANT USAGE ON SCHEMA \(harness.database.name) TO r\(harness.database.name);
        GRANT SELECT ON \(views.joined(separator: ", ")) TO r\(harness.database.name)
        """)
      defer {
        _ = try? harness.database.execute(
          "RESET ROLE; DROP OWNED BY r\(harness.database.name); DROP ROLE r\(harness.database.name)")
      }
      for view in views.prefix(2) {
        #expect(throws: (any Error).self, "\(view)") {
          try harness.database.execute("SET ROLE r\(harness.database.name); SELECT count(*) FROM \(view)")
        }
      }
    }
  }
}
