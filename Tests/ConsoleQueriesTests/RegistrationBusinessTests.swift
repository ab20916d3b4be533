import ConsoleQueries
import Postgres
import Testing

@Suite("A business", .needsRunDatabase)
struct RegistrationBusinessTests {
  @Test("a business shows its head office, branches, correction and history")
  func business() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      try harness.publication(&connection, run: run, snapshot: "S1", day: "2026-09-10")
      let later = try harness.run(&connection)
      try harness.publication(&connection, run: later, snapshot: "S2", day: "2026-09-11")
      let ban = try #require(BAN("00000001"))
      try ModelBusiness(ban: "00000001", name: "頭司", headOffice: "00009999", industries: ["22", "11"]).insert(
        &connection)
      for number in 2...150 {
        let branch = String("00000000\(number)".suffix(8))
        try ModelBusiness(ban: branch, name: "分司", headOffice: ban.text, industries: []).insert(&connection)
      }
      try ModelChange(run: later, day: "2026-09-11", ban: ban.text, kind: "changed", columns: ["business_name"])
        .insert(&connection)
      try connection.execute(
        """
        INSERT INTO registration_correction (ban, content, content_hash, fixed_codes, corrected_by, job_run_id)
        VALUES ($1, '{}', 0, '{INVALID_BAN,FIELD_COUNT}', 'somebody', $2)
        """, [ban.text, "\(later)"])
      let business = try #require(try Business.find(ban, on: &connection))
      #expect(business.registration?.name == "頭司")
      #expect(business.registration?.industries.map(\.code) == ["22", "11"])
      #expect(business.registration?.isCorrected == true)
      #expect(business.headOffice?.ban == "00009999" && business.headOffice?.name == nil)
      #expect(business.branches.map(\.ban) == (2...101).map { String("00000000\($0)".suffix(8)) })
      #expect(business.hasMoreBranches)
      #expect(business.correction?.correctedBy == "somebody")
      #expect(business.correction?.fixedCodes == ["INVALID_BAN", "FIELD_COUNT"])
      #expect(business.history.map(\.jobRunID) == [later, run])
      #expect(business.history.map(\.kind) == [.changed, .added])
      #expect(business.history.first?.columns.map(\.before) == ["old"])

      let branch = try #require(BAN("00000150"))
      let other = try #require(try Business.find(branch, on: &connection))
      #expect(other.headOffice?.ban == ban.text && other.headOffice?.name == "頭司")
      #expect(other.branches.isEmpty && !other.hasMoreBranches && other.correction == nil)
    }
  }

  @Test("a removed business keeps its history, and an unknown BAN is not found")
  func gone() throws {
    try RunHarness.with { harness, connection in
      for (day, kind) in ["added", "removed", "reappeared", "removed"].enumerated() {
        let run = try harness.run(&connection)
        try harness.publication(&connection, run: run, snapshot: "S\(day)", day: "2026-09-1\(day)")
        try ModelChange(run: run, day: "2026-09-1\(day)", ban: "00000001", kind: kind, columns: []).insert(&connection)
      }
      let ban = try #require(BAN("00000001"))
      let business = try #require(try Business.find(ban, on: &connection))
      #expect(business.registration == nil)
      #expect(business.history.map(\.kind) == [.removed, .reappeared, .removed, .added])
      #expect(business.history.map(\.name) == ["old", "new", "old", "new"])
      let names = ["business_name", "capital_amount", "is_use_invoice", "industries"]
      #expect(business.history.allSatisfy { $0.columns.map(\.name) == names })
      let never = try #require(BAN("00000002"))
      #expect(try Business.find(never, on: &connection) == nil)
    }
  }
}
