import ConsoleQueries
import Postgres
import TestCluster
import Testing

@Suite("Changes and history", .needsRunDatabase)
struct RegistrationChangeTests {
  private struct ModelChange {
    let run: Int
    let day: String
    let ban: String
    let kind: String
    let columns: [String]
  }

  private static func image(_ ban: String, _ name: String) -> String {
    #"""
    {"ban": "\#(ban)", "business_name": "\#(name)", "capital_amount": 5, "is_use_invoice": true, "headquarters_ban": null,
    "industries": [{"order": 2, "industry_code": "22", "industry_name": null}, {"order": 1, "industry_code": "11", "industry_name": "乙"}]}
    """#
  }

  private func insert(_ change: ModelChange, _ connection: inout Connection) throws {
    let hasBefore = ["changed", "removed"].contains(change.kind)
    try connection.execute(
      """
      INSERT INTO registration_change (job_run_id, source_date, ban, kind, reason, changed_columns, before, after)
      VALUES ($1, $2, $3, $4, $5, $6::text[], $7::jsonb, $8::jsonb)
      """,
      [
        "\(change.run)", change.day, change.ban, change.kind, change.kind == "removed" ? "absent" : nil,
        "{\(change.columns.joined(separator: ","))}", hasBefore ? Self.image(change.ban, "old") : nil,
        change.kind == "removed" ? nil : Self.image(change.ban, "new"),
      ])
  }

  /// A feed by chance: some runs count what they changed, as load does, and some do not, as earlier versions did.
  private func feed(
    _ harness: RunHarness, _ random: inout RunRandom, _ connection: inout Connection
  ) throws -> [ModelChange] {
    var all: [ModelChange] = []
    for number in 0..<12 {
      let run = try harness.run(&connection)
      let day = "2026-09-\(10 + number / 2)"
      var changes: [ModelChange] = []
      for _ in 0..<random.below(15) {
        let ban = "0000000\(random.below(10))"
        guard !changes.contains(where: { $0.ban == ban }) else { continue }
        let kind = ["added", "changed", "changed", "removed", "reappeared"][random.below(5)]
        let columns = ["business_name", "business_address", "industries"].filter { _ in random.below(2) == 0 }
        changes.append(ModelChange(run: run, day: day, ban: ban, kind: kind, columns: kind == "changed" ? columns : []))
      }
      func counts(_ names: [String]) -> String {
        Dictionary(grouping: names) { $0 }.map { #""\#($0)": \#($1.count)"# }.joined(separator: ",")
      }
      try harness.publication(
        &connection, run: run, snapshot: "S\(number)", day: day,
        changes: number < 3
          ? "{}" : #"{"kinds": {\#(counts(changes.map(\.kind)))}, "columns": {\#(counts(changes.flatMap(\.columns)))}}"#
      )
      for change in changes { try insert(change, &connection) }
      all += changes
    }
    return all.sorted { ($1.run, $0.ban) < ($0.run, $1.ban) }
  }

  @Test("the feed agrees with a plain model in every filter, page by page, there and back")
  func model() throws {
    var random = RunRandom()
    let seed = random.seed
    try RunHarness.with { harness, connection in
      let all = try feed(harness, &random, &connection)
      for _ in 0..<80 {
        var query: [String: String] = [:]
        if random.below(2) == 0 { query["since"] = "2026-09-1\(random.below(10))" }
        if random.below(2) == 0 { query["kind"] = RegistrationChange.Kind.allCases[random.below(4)].rawValue }
        if random.below(3) == 0 {
          query["column"] = ["business_name", "industries", "capital_amount"][random.below(3)]
        }
        if random.below(3) == 0 { query["ban"] = "0000000\(random.below(10))" }
        let expected = all.filter { change in
          query.allSatisfy { name, value in
            switch name {
            case "since": change.day >= value
            case "kind": change.kind == value
            case "column": change.columns.contains(value)
            default: change.ban == value
            }
          }
        }.map { "\($0.run) \($0.ban) \($0.kind)" }
        let size = 1 + random.below(12)
        var page = try RegistrationChanges(query, size: size).page(on: &connection)
        #expect(page.previous == nil)
        var forth = [page.changes]
        while let next = page.next, forth.count < 200 {
          page = try RegistrationChanges(query, place: next, size: size).page(on: &connection)
          forth.append(page.changes)
        }
        var back = [page.changes]
        while let previous = page.previous, back.count < 200 {
          page = try RegistrationChanges(query, place: previous, size: size).page(on: &connection)
          back.append(page.changes)
        }
        func texts(_ pages: [[RegistrationChange]]) -> [String] {
          pages.flatMap(\.self).map { "\($0.jobRunID) \($0.ban) \($0.kind?.rawValue ?? "")" }
        }
        #expect(texts(forth) == expected, "seed \(seed) \(query)")
        #expect(texts(back.reversed()) == expected, "seed \(seed) \(query)")
      }
    }
  }

  @Test("a change says what was and what is, column by column")
  func columns() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      try harness.publication(&connection, run: run, snapshot: "S", day: "2026-09-10")
      for (ban, kind, columns) in [
        ("00000001", "changed", ["business_name", "headquarters_ban"]), ("00000002", "removed", []),
        ("00000003", "added", []),
      ] { try insert(ModelChange(run: run, day: "2026-09-10", ban: ban, kind: kind, columns: columns), &connection) }
      let changes = try RegistrationChanges([:]).page(on: &connection).changes
      #expect(changes.map(\.kind) == [.changed, .removed, .added])
      #expect(changes.map(\.name) == ["new", "old", "new"])
      #expect(changes.map(\.reason) == [nil, "absent", nil])
      #expect(changes.map(\.asOfDate) == ["2026-09-10", "2026-09-10", "2026-09-10"])
      let texts = changes.map { $0.columns.map { "\($0.name): \($0.before ?? "-") \($0.after ?? "-")" } }
      let industries = "11 乙；22"
      #expect(texts[0] == ["business_name: old new", "headquarters_ban: - -"])
      #expect(
        texts[1] == [
          "business_name: old -", "capital_amount: 5 -", "is_use_invoice: true -", "industries: \(industries) -",
        ])
      #expect(changes[2].columns.map(\.after) == ["new", "5", "true", industries])
      #expect(changes[2].before == nil)
      #expect(changes[1].after == nil)
    }
  }

  @Test("what is asked for amiss is named")
  func problems() throws {
    for (name, value, reason) in [
      ("kind", "gone", QueryProblem.Reason.choice), ("column", "ban", .choice), ("ban", "1234567", .digits),
      ("since", "yesterday", .date),
    ] { #expect(throws: QueryProblem(name, reason)) { try RegistrationChanges([name: value]) } }
    #expect(throws: QueryProblem("place", .place)) { try RegistrationChanges([:], place: "AAAA") }
  }

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
      try insert(
        ModelChange(run: later, day: "2026-09-11", ban: ban.text, kind: "changed", columns: ["business_name"]),
        &connection)
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

  @Test("a business that is gone has its history, one that never was has nothing")
  func gone() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      try harness.publication(&connection, run: run, snapshot: "S1", day: "2026-09-10")
      try insert(ModelChange(run: run, day: "2026-09-10", ban: "00000001", kind: "removed", columns: []), &connection)
      let ban = try #require(BAN("00000001"))
      let business = try #require(try Business.find(ban, on: &connection))
      #expect(business.registration == nil)
      #expect(business.history.first?.kind == .removed)
      #expect(business.history.first?.name == "old")
      let never = try #require(BAN("00000002"))
      #expect(try Business.find(never, on: &connection) == nil)
    }
  }
}
