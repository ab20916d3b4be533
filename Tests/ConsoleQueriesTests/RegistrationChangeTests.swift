import ConsoleQueries
import Postgres
import SeededRandom
import TestCluster
import Testing

@Suite("Changes and history", .needsRunDatabase)
struct RegistrationChangeTests {
  /// Generates a random change feed. The first three publications have no change counts, as in earlier versions.
  private func feed(
    _ harness: RunHarness, _ random: inout SeededRandom, _ connection: inout Connection
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
      for change in changes { try change.insert(&connection) }
      all += changes
    }
    return all.sorted { ($1.run, $0.ban) < ($0.run, $1.ban) }
  }

  @Test("the feed agrees with a plain model for every filter, paging forward and back")
  func model() throws {
    var random = SeededRandom()
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
        var page = try ChangeList(ChangeFilter(query), size: size).page(on: &connection)
        #expect(page.previous == nil)
        var forth = [page.changes]
        while let next = page.next, forth.count < 200 {
          page = try ChangeList(ChangeFilter(query), place: next, size: size).page(on: &connection)
          forth.append(page.changes)
        }
        var back = [page.changes]
        while let previous = page.previous, back.count < 200 {
          page = try ChangeList(ChangeFilter(query), place: previous, size: size).page(on: &connection)
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

  @Test("a change has the old and the new value of each column")
  func columns() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      try harness.publication(&connection, run: run, snapshot: "S", day: "2026-09-10")
      for (ban, kind, columns) in [
        ("00000001", "changed", ["business_name", "headquarters_ban"]), ("00000002", "removed", []),
        ("00000003", "added", []),
      ] { try ModelChange(run: run, day: "2026-09-10", ban: ban, kind: kind, columns: columns).insert(&connection) }
      let changes = try ChangeList(ChangeFilter()).page(on: &connection).changes
      #expect(changes.map(\.kind) == [.changed, .removed, .added])
      #expect(changes.map(\.name) == ["new", "old", "new"])
      #expect(changes.map(\.reason) == [nil, "absent", nil])
      #expect(changes.map(\.asOfDate) == ["2026-09-10", "2026-09-10", "2026-09-10"])
      let texts = changes.map { $0.columns.map { "\($0.name): \($0.before ?? "-") \($0.after ?? "-")" } }
      let industries = "11 乙；22"
      #expect(texts[0] == ["headquarters_ban: - -", "business_name: old new"])
      #expect(
        texts[1] == [
          "business_name: old -", "capital_amount: 5 -", "is_use_invoice: true -", "industries: \(industries) -",
        ])
      #expect(changes[2].columns.map(\.after) == ["new", "5", "true", industries])
      #expect(changes[2].before == nil)
      #expect(changes[1].after == nil)
    }
  }
}
