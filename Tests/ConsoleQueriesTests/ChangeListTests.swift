import ConsoleQueries
import Postgres
import SeededRandom
import TestCluster
import Testing

/// A registry that loads, corrections and rollbacks change, with its change feed.
private struct ModelRegistry {
  struct Business: Equatable {
    var name: String
    var address: String
  }

  struct Change {
    let run: Int
    let action: String
    let day: String
    let ban: String
    let before: Business?
    let after: Business?

    var kind: String { before == nil ? "added" : after == nil ? "removed" : "changed" }

    var columns: [String] {
      guard let before, let after else { return [] }
      return (before.name != after.name ? ["business_name"] : [])
        + (before.address != after.address ? ["business_address"] : [])
    }
  }

  static let cities = ["台北市", "臺北市", "新竹市", "金門縣"]
  let harness: RunHarness
  var state: [String: Business] = [:]
  var changes: [Change] = []
  /// The published snapshots: name, day and state.
  var snapshots: [(name: String, day: String, state: [String: Business])] = []

  /// Publishes a new state.
  mutating func publish(
    _ action: String, _ snapshot: String, _ day: String, _ new: [String: Business], _ connection: inout Connection
  ) throws {
    let run = try harness.run(&connection)
    let first = snapshots.isEmpty
    var found: [Change] = []
    for ban in Set(state.keys).union(new.keys).sorted() where state[ban] != new[ban] && !first {
      found.append(Change(run: run, action: action, day: day, ban: ban, before: state[ban], after: new[ban]))
    }
    func counts(_ names: [String]) -> String {
      Dictionary(grouping: names) { $0 }.map { #""\#($0)": \#($1.count)"# }.joined(separator: ",")
    }
    try harness.publication(
      &connection, run: run, snapshot: snapshot, kind: first ? "bulk" : "reconcile", action: action, day: day,
      changes: first
        ? "{}" : #"{"kinds": {\#(counts(found.map(\.kind)))}, "columns": {\#(counts(found.flatMap(\.columns)))}}"#)
    for change in found { try insert(change, &connection) }
    changes += found
    state = new
    if action == "load" { snapshots.append((snapshot, day, new)) }
  }

  private func insert(_ change: Change, _ connection: inout Connection) throws {
    func image(_ business: Business?) -> String? {
      business.map {
        #"{"ban": "\#(change.ban)", "business_name": "\#($0.name.replacing("\"", with: "\\\""))", "business_address": "\#($0.address)", "industries": []}"#
      }
    }
    try connection.execute(
      """
      INSERT INTO registration_change (job_run_id, source_date, ban, kind, reason, changed_columns, before, after)
      VALUES ($1, $2, $3, $4, $5, $6::text[], $7::jsonb, $8::jsonb)
      """,
      [
        "\(change.run)", change.day, change.ban, change.kind, change.kind == "removed" ? "absent" : nil,
        "{\(change.columns.joined(separator: ","))}", image(change.before), image(change.after),
      ])
  }

  func changed(_ random: inout SeededRandom) -> [String: Business] {
    var new = state
    for _ in 0..<random.below(8) {
      let ban = "0000000\(random.below(10))"
      if random.below(4) == 0 {
        new[ban] = nil
      } else {
        new[ban] = Business(
          name: ["Ａ甲商行", "a甲公司", "乙店"][random.below(3)],
          address: Self.cities[random.below(4)] + ["甲路", "乙路"][random.below(2)])
      }
    }
    return new
  }
}

@Suite("Lists of changes", .needsRunDatabase)
struct ChangeListTests {
  /// Makes a random history of twelve publications.
  private func history(
    _ harness: RunHarness, _ random: inout SeededRandom, _ connection: inout Connection
  ) throws -> ModelRegistry {
    var registry = ModelRegistry(harness: harness)
    for number in 0..<12 {
      if number > 1, random.below(3) == 0, let target = registry.snapshots.dropLast().randomElement(using: &random) {
        try registry.publish("rollback", target.name, target.day, target.state, &connection)
      } else {
        let new = registry.changed(&random)
        try registry.publish("load", "S\(number)", "2026-09-\(10 + number)", new, &connection)
      }
    }
    return registry
  }

  private func all(_ query: ChangeFilter, size: Int, _ connection: inout Connection) throws -> [RegistrationChange] {
    var found: [RegistrationChange] = []
    var place: String?
    repeat {
      let page = try ChangeList(query, place: place, size: size).page(on: &connection)
      found += page.changes
      place = page.next
    } while place != nil && found.count < 1000
    return found
  }

  @Test("the changes that count lead from the first load to the present registry, whatever was rolled back")
  func effective() throws {
    for _ in 0..<5 {
      var random = SeededRandom()
      let seed = random.seed
      try RunHarness.with { harness, connection in
        let registry = try history(harness, &random, &connection)
        var state = try #require(registry.snapshots.first).state
        let listed = try all(ChangeFilter(), size: 1 + random.below(9), &connection)
        for change in listed.reversed() {
          let model = registry.changes.first { $0.run == change.jobRunID && $0.ban == change.ban }
          #expect(state[change.ban] == model?.before, "seed \(seed)")
          state[change.ban] = model?.after
        }
        #expect(state == registry.state, "seed \(seed)")
        #expect(listed.allSatisfy { !$0.isUndone && $0.action == "load" }, "seed \(seed)")
        let everything = try all(ChangeFilter(["undone": "yes"]), size: 50, &connection)
        #expect(everything.count == registry.changes.count, "seed \(seed)")
        #expect(everything.count { !$0.isUndone } == listed.count, "seed \(seed)")
      }
    }
  }

  @Test("every filter agrees with a plain model, and so does the total")
  func filters() throws {
    var random = SeededRandom()
    let seed = random.seed
    try RunHarness.with { harness, connection in
      let registry = try history(harness, &random, &connection)
      func city(_ business: ModelRegistry.Business?) -> String? {
        business.map { String($0.address.prefix(3)).replacing("台", with: "臺") }
      }
      for _ in 0..<120 {
        var query: [String: String] = [:]
        if random.below(3) == 0 { query["since"] = "2026-09-1\(random.below(10))" }
        if random.below(3) == 0 { query["until"] = "2026-09-2\(random.below(3))" }
        if random.below(3) == 0 { query["kind"] = ["added", "changed", "removed"][random.below(3)] }
        if random.below(4) == 0 { query["column"] = ["business_name", "business_address"][random.below(2)] }
        for name in ["city", "moved_to", "moved_from"] where random.below(4) == 0 {
          query[name] = ModelRegistry.cities[random.below(4)]
        }
        if random.below(4) == 0 { query["name"] = ["A甲", "甲商", "乙店"][random.below(3)] }
        if random.below(5) == 0 { query["ban"] = "0000000\(random.below(10))" }
        if random.below(2) == 0 { query["undone"] = "yes" }
        let parsed = try ChangeFilter(query)
        let undone = Set(
          try all(ChangeFilter(["undone": "yes"]), size: 200, &connection).filter(\.isUndone).map(\.jobRunID))
        let expected = registry.changes.filter { change in
          let (before, after) = (city(change.before), city(change.after))
          return query.allSatisfy { name, value in
            let place = value.replacing("台", with: "臺")
            return switch name {
            case "since": change.day >= value
            case "until": change.day <= value
            case "kind": change.kind == value
            case "column": change.columns.contains(value)
            case "city": before == place || after == place
            case "moved_to": change.kind == "changed" && after == place && before != place
            case "moved_from": change.kind == "changed" && before == place && after != place
            case "name":
              [change.before, change.after].contains { business in
                business?.name.replacing("Ａ", with: "A").uppercased().contains(value) ?? false
              }
            case "ban": change.ban == value
            default: true
            }
          } && (query["undone"] != nil || !undone.contains(change.run))
        }.sorted { ($1.run, $0.ban) < ($0.run, $1.ban) }.map { "\($0.run) \($0.ban) \($0.kind)" }
        let found = try all(parsed, size: 1 + random.below(9), &connection)
        #expect(
          found.map { "\($0.jobRunID) \($0.ban) \($0.kind?.rawValue ?? "")" } == expected, "seed \(seed) \(query)")
        #expect(try ChangeList(parsed).page(on: &connection).total == expected.count, "seed \(seed) \(query)")
        #expect(Dictionary(uniqueKeysWithValues: parsed.parameters.map { ($0.name, $0.value) }) == query)
      }
    }
  }

  @Test("an update that was rolled back is named, with the rollback")
  func undone() throws {
    try RunHarness.with { harness, connection in
      var registry = ModelRegistry(harness: harness)
      let (one, two) = (
        ["00000001": ModelRegistry.Business(name: "甲", address: "新竹市")],
        ["00000001": ModelRegistry.Business(name: "乙", address: "新竹市")]
      )
      try registry.publish("load", "S1", "2026-09-01", one, &connection)
      try registry.publish("load", "S2", "2026-09-02", two, &connection)
      #expect(try ChangeList(ChangeFilter()).page(on: &connection).undone == [])
      try registry.publish("rollback", "S1", "2026-09-01", one, &connection)
      let runs = try connection.rows("SELECT job_run_id FROM publication ORDER BY id").map { try $0.int("job_run_id") }
      let page = try ChangeList(ChangeFilter()).page(on: &connection)
      #expect(page.changes.isEmpty && page.total == 0)
      // The day of the undone update has the registry of the day before.
      let days = try Figures.registryByDay(&connection)
      #expect(days.map(\.date) == ["2026-09-01", "2026-09-02"])
      #expect(days.map(\.changes) == [nil, Figures.Changes(added: 0, changed: 0, removed: 0, reappeared: 0)])
      #expect(page.undone.map { [$0.jobRunID, $0.rollback] } == [[runs[1], runs[2]]])
      #expect(page.undone.map(\.asOfDate) == ["2026-09-02"])
      try connection.execute("UPDATE publication SET updated = 7 WHERE job_run_id = $1", ["\(runs[1])"])
      #expect(try ChangeList(ChangeFilter()).page(on: &connection).undone.map(\.changes) == [7])
      #expect(try ChangeList(ChangeFilter(["since": "2026-09-03"])).page(on: &connection).undone == [])
      // Back to what was undone: it counts again.
      try registry.publish("rollback", "S2", "2026-09-02", two, &connection)
      let changed = try Figures.registryByDay(&connection).last?.changes
      #expect(changed == Figures.Changes(added: 0, changed: 1, removed: 0, reappeared: 0))
      let again = try ChangeList(ChangeFilter()).page(on: &connection)
      #expect(again.changes.map(\.jobRunID) == [runs[1]] && again.undone == [])
      // A correction survives a rollback.
      let corrected = ["00000001": ModelRegistry.Business(name: "丙", address: "新竹市")]
      try registry.publish("replay", "S2", "2026-09-02", corrected, &connection)
      try registry.publish("rollback", "S1", "2026-09-01", corrected, &connection)
      #expect(try ChangeList(ChangeFilter()).page(on: &connection).changes.map(\.action) == ["replay"])
    }
  }

  @Test("the export has the changes of the list, a row for each column, in the reader's language")
  func export() throws {
    try RunHarness.with { harness, connection in
      var registry = ModelRegistry(harness: harness)
      let first = [
        "00000001": ModelRegistry.Business(name: "=甲", address: "新竹市"), "00000002": .init(name: "丙", address: "金門縣"),
      ]
      let second = [
        "00000001": ModelRegistry.Business(name: "乙,\"", address: "臺北市"), "00000003": .init(name: "丁", address: "新竹市"),
      ]
      try registry.publish("load", "S1", "2026-09-01", first, &connection)
      try registry.publish("load", "S2", "2026-09-02", second, &connection)
      let labels = ChangeExport.Labels(
        header: Array("abcdefghi").map(String.init),
        values: [
          "kind added": "新增", "kind changed": "異動", "kind removed": "移除", "column business_name": "名稱",
          "column business_address": "地址", "reason absent": "沒有了", "action load": "更新",
          "action rollback": "還原", "undone yes": "已取消",
        ])
      var bytes: [UInt8] = []
      try ChangeExport(ChangeFilter(), labels).write(on: &connection) { bytes += $0 }
      let run = try connection.int("SELECT max(job_run_id) FROM publication")
      #expect(
        String(decoding: bytes, as: UTF8.self)
          == [
            "\u{FEFF}a,b,c,d,e,f,g,h,i", "2026-09-02,異動,'00000001,\"乙,\"\"\",名稱,'=甲,\"乙,\"\"\",,更新 #\(run)",
            "2026-09-02,異動,'00000001,\"乙,\"\"\",地址,新竹市,臺北市,,更新 #\(run)",
            "2026-09-02,移除,'00000002,丙,地址,金門縣,,沒有了,更新 #\(run)", "2026-09-02,新增,'00000003,丁,地址,,新竹市,,更新 #\(run)", "",
          ].joined(separator: "\r\n"))
      try registry.publish("rollback", "S1", "2026-09-02", first, &connection)
      bytes = []
      try ChangeExport(ChangeFilter(["undone": "yes", "kind": "removed"]), labels).write(on: &connection) {
        bytes += $0
      }
      let back = try connection.int("SELECT max(job_run_id) FROM publication")
      // A rollback removes for another reason than the source.
      #expect(
        String(decoding: bytes, as: UTF8.self)
          == [
            "\u{FEFF}a,b,c,d,e,f,g,h,i", "2026-09-02,移除,'00000003,丁,地址,新竹市,,,還原 #\(back)",
            "2026-09-02,移除,'00000002,丙,地址,金門縣,,沒有了,更新 #\(run) (已取消)", "",
          ].joined(separator: "\r\n"))
    }
  }

  @Test(
    "an invalid parameter is named in the error",
    arguments: [
      ("kind", "gone", QueryProblem.Reason.choice), ("column", "ban", .choice), ("ban", "1234567", .ban),
      ("since", "yesterday", .date), ("until", "2026-02-30", .date), ("city", "新竹", .city), ("moved_to", "新竹市東", .city),
      ("moved_from", "a\0b", .city), ("name", "甲", .tooShort), ("undone", "maybe", .choice),
    ])
  func problems(name: String, value: String, reason: QueryProblem.Reason) {
    #expect(throws: QueryProblem(name, reason)) { try ChangeFilter([name: value]) }
  }

  @Test("a range of days must not be empty, and a cursor must be of this list")
  func ranges() throws {
    #expect(throws: QueryProblem("until", .range)) { try ChangeFilter(["since": "2026-09-02", "until": "2026-09-01"]) }
    #expect(throws: QueryProblem("place", .place)) { try ChangeList(ChangeFilter(), place: "AAAA") }
  }
}
