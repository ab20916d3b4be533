import ConsoleQueries
import Postgres
import Testing

/// The tables' CHECK constraints reject such values, but a later version may allow them.
@Suite("Unknown values", .needsRunDatabase)
struct UnknownValueTests {
  /// Expects an error that names the column and, if there is one, the value.
  private func expectError(
    about column: String, _ value: String? = nil, _ place: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) {
    let error = #expect(throws: PostgresError.self, sourceLocation: place, performing: body)
    let said = value.map { "column '\(column)' has '\($0)'" } ?? "column '\(column)' is NULL"
    #expect(error?.message.hasPrefix(said) == true, "\(error?.message ?? "")", sourceLocation: place)
  }

  @Test("an unknown kind of change is an error, in the feed and in a business's history")
  func kind() throws {
    try RunHarness.with { harness, connection in
      let first = try harness.run(&connection)
      try harness.publication(&connection, run: first, snapshot: "S1")
      let run = try harness.run(&connection)
      try harness.publication(&connection, run: run, snapshot: "S2")
      try ModelChange(run: run, day: "2026-09-01", ban: "00000001", kind: "changed", columns: ["business_name"])
        .insert(&connection)
      let ban = try #require(BAN("00000001"))
      #expect(try ChangeList(ChangeFilter()).page(on: &connection).changes.map(\.kind) == [.changed])
      #expect(try Business.find(ban, on: &connection)?.history.map(\.kind) == [.changed, .added])
      try connection.execute(
        """
        ALTER TABLE registration_change DROP CONSTRAINT registration_change_kind_check;
        UPDATE registration_change SET kind = 'merged'
        """)
      expectError(about: "kind", "merged") { _ = try ChangeList(ChangeFilter()).page(on: &connection) }
      expectError(about: "kind", "merged") { _ = try Business.find(ban, on: &connection) }
    }
  }

  @Test("an unknown run status is an error, and so are change counts that are not numbers")
  func run() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      try harness.publication(&connection, run: run, snapshot: "S1", changes: #"{"kinds": {"added": "some"}}"#)
      expectError(about: "changes", #"{"kinds": {"added": "some"}}"#) { _ = try JobRuns.run(&connection, id: run) }
      try connection.execute(
        """
        ALTER TABLE etl_job_run DROP CONSTRAINT etl_job_run_status_check;
        UPDATE etl_job_run SET status = 'paused'
        """)
      expectError(about: "status", "paused") { _ = try JobRuns.page(&connection) }
    }
  }

  @Test("a name that is NULL is an error, in the search and on the business's page")
  func name() throws {
    try RunHarness.with { _, connection in
      try ModelBusiness(ban: "00000001", name: "甲司", industries: []).insert(&connection)
      try connection.execute(
        """
        ALTER TABLE tax_registration ALTER COLUMN business_name DROP NOT NULL;
        UPDATE tax_registration SET business_name = NULL
        """)
      let (ban, query) = (try #require(BAN("00000001")), RegistrationQuery())
      expectError(about: "business_name") { _ = try RegistrationSearch(query).page(on: &connection) }
      expectError(about: "business_name") { _ = try Business.find(ban, on: &connection) }
    }
  }

  @Test("a finding without its line is an error, and so are bytes that are not base64")
  func finding() throws {
    try RunHarness.with { harness, connection in
      for (column, value, raw) in [
        ("line", nil, #"{"record": 1, "byte_offset": 0, "raw": ""}"#),
        ("line", "two", #"{"record": 1, "line": "two", "byte_offset": 0, "raw": ""}"#),
        ("raw_base64", "?", #"{"record": 1, "line": 2, "byte_offset": 0, "raw_base64": "?"}"#),
      ] {
        let run = try harness.run(&connection)
        try harness.finding(&connection, run: run, batch: 1, severity: "error", code: "INVALID_BAN", raw: raw)
        expectError(about: column, value) { _ = try Findings.page(&connection, of: run) }
      }
    }
  }
}
