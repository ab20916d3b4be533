import Foundation
import TestCluster
import Testing

/// The net change of a business between two days, as `registry_changes` and the model give it.
struct NetChange: Hashable {
  var ban: String
  var job: Int
  var kind: String
  var reason: String?
  var changedColumns: Set<String>
  var before: BusinessImage?
  var after: BusinessImage?
}

extension RegistryModel {
  /// Returns the net changes after one publication, up to and with another.
  func netChanges(after first: Int, to last: Int) -> Set<NetChange> {
    let (before, after) = (published[first].state, published[last].state)
    let jobs = (published[first].job + 1)..<(published[last].job + 1)
    return Set(
      Set(before.keys).union(after.keys).compactMap { ban in
        let (old, new) = (before[ban].map(BusinessImage.init), after[ban].map(BusinessImage.init))
        guard old != new else { return nil }
        var columns: Set<String> = []
        var kind = "changed"
        if let old, let new { columns = old.differences(from: new) }
        if new == nil { kind = "removed" }
        if old == nil { kind = feed.first { $0.ban == ban && jobs.contains($0.job) }?.kind ?? "?" }
        let maker = maker(of: ban, new, jobs)
        return NetChange(
          ban: ban, job: maker?.job ?? 0, kind: kind, reason: kind == "removed" ? maker?.reason : nil,
          changedColumns: columns, before: old, after: new)
      })
  }

  /// The change to which a business owes its state: the last one, or the one that a rollback restored.
  private func maker(of ban: String, _ state: BusinessImage?, _ jobs: Range<Int>) -> FeedRow? {
    let rows = shownFeed.filter { $0.ban == ban && jobs.contains($0.job) }
    guard let last = rows.last, rollbacks.contains(last.job) else { return rows.last }
    return rows.last { !rollbacks.contains($0.job) && $0.after == state } ?? last
  }
}

extension Business {
  /// The city or county, and the district, of the address.
  var place: (city: String?, district: String?) {
    let text = (address ?? "").prefix(16).filter { $0 != "\u{3000}" && $0 != " " }.replacing("台", with: "臺")
    guard let match = text.prefixMatch(of: /..([市縣])/) else { return (nil, nil) }
    let rest = text.dropFirst(3)
    let district = match.1 == "市" ? rest.prefixMatch(of: /[^區]{1,3}區/) : rest.prefixMatch(of: /[^市鎮鄉]{1,3}[市鎮鄉]/)
    return (String(match.0), district.map { String($0.0) })
  }
}

extension TestDatabase {
  /// Compares the views and functions for analysts with a model.
  ///
  /// - Parameters:
  ///   - days: days of the calendar, in order.
  ///   - asOf: the day from which each publication of the model counts.
  func expectAnalysis(
    _ model: RegistryModel, days: [String], asOf: [String], bans: [String], _ place: Comment
  ) throws {
    func publication(_ day: String) -> Int? { asOf.lastIndex { $0 <= day } }
    for day in days where publication(day) == nil {
      let error = #expect(throws: (any Error).self, place) { try images(asOf: day) }
      #expect("\(String(describing: error))".contains("the registry has no state of \(day)"), place)
    }
    let days = days.filter { publication($0) != nil }
    try expectStates(model, days, publication, bans, place)
    for (first, second) in zip(days, days.dropFirst())
      + [(days.first, days.last)].compactMap({ a, b in
        if let a, let b { (a, b) } else { nil }
      })
    {
      guard let from = publication(first), let to = publication(second) else { continue }
      #expect(
        try netChanges(first, second) == model.netChanges(after: from, to: to), "\(first) to \(second), \(place)")
    }
    try expectDays(model, Set(asOf).sorted(), publication, place)
    try expectFlatFeed(model, place)
  }

  private func expectStates(
    _ model: RegistryModel, _ days: [String], _ publication: (String) -> Int?, _ bans: [String], _ place: Comment
  ) throws {
    for day in days {
      guard let index = publication(day) else { continue }
      let state = model.published[index].state
      let groups = try rows("SELECT ban, city, district FROM registry_as_of('\(day)') ORDER BY ban")
      #expect(
        groups
          == state.keys.sorted().map { ban in
            "\(ban)|\(state[ban]?.place.city ?? "-")|\(state[ban]?.place.district ?? "-")"
          }, "\(day), \(place)")
    }
    guard let day = days.randomElement(), let index = publication(day) else { return }
    let found = try execute(
      """
      SELECT b.ban, to_jsonb(o) FROM unnest('{\(bans.joined(separator: ","))}'::text[]) AS b (ban),
        registry_on('\(day)', b.ban) AS o
      """)
    let images = try Set(found.values.map { try BusinessImage(json: $0[1] ?? "") })
    #expect(images == Set(model.published[index].state.values.map(BusinessImage.init)), "on \(day), \(place)")
  }

  private func netChanges(_ from: String, _ to: String) throws -> Set<NetChange> {
    try Set(
      execute(
        """
        SELECT ban, kind, to_json(changed_columns), to_jsonb(c), job_run_id, reason
        FROM registry_changes('\(from)', '\(to)') c
        """
      )
      .values.map { row in
        NetChange(
          ban: row[0] ?? "", job: row[4].flatMap { Int($0) } ?? 0, kind: row[1] ?? "", reason: row[5],
          changedColumns: Set(try JSONDecoder().decode([String].self, from: Data((row[2] ?? "").utf8))),
          before: try BusinessImage(flat: row[3] ?? "", ban: row[0] ?? "", "before"),
          after: try BusinessImage(flat: row[3] ?? "", ban: row[0] ?? "", "after"))
      })
  }

  private func expectDays(
    _ model: RegistryModel, _ days: [String], _ publication: (String) -> Int?, _ place: Comment
  ) throws {
    var expected: [String] = []
    var earlier: Int?
    for day in days {
      guard let index = publication(day) else { continue }
      let state = model.published[index].state
      let net = earlier.map { model.netChanges(after: $0, to: index) }
      let counts = ["added", "changed", "removed", "reappeared"].map { kind in
        net.map { net in "\(net.filter { $0.kind == kind }.count)" } ?? "-"
      }
      func groups(_ name: (Business) -> String?) -> String {
        let counts = state.values.reduce(into: [String: Int]()) { $0[name($1) ?? "unknown", default: 0] += 1 }
        return counts.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
          .map { "\($0.key)=\($0.value)" }.joined(separator: ",")
      }
      expected.append(
        ([day, "\(state.count)"] + counts + [groups { $0.place.city }, groups { $0.type }]).joined(separator: "|"))
      earlier = index
    }
    let groups = ["businesses_by_city", "businesses_by_type"].map { column in
      "coalesce((SELECT string_agg(key || '=' || value, ',' ORDER BY key COLLATE \"C\") FROM jsonb_each(\(column))), '')"
    }
    #expect(
      try rows(
        """
        SELECT as_of_date, businesses, added, changed, removed, reappeared, \(groups.joined(separator: ", "))
        FROM registry_day ORDER BY as_of_date
        """) == expected, place)
  }

  /// Compares the flat feed with the feed.
  private func expectFlatFeed(_ model: RegistryModel, _ place: Comment) throws {
    let flat = try execute(
      "SELECT job_run_id, ban, kind, to_json(changed_columns), to_jsonb(c), reason FROM registration_change_flat c ORDER BY 1, 2"
    ).values.map { row in
      FeedRow(
        job: row[0].flatMap { Int($0) } ?? 0, ban: row[1] ?? "", kind: row[2] ?? "", reason: row[5],
        changedColumns: Set(try JSONDecoder().decode([String].self, from: Data((row[3] ?? "").utf8))),
        before: try BusinessImage(flat: row[4] ?? "", ban: row[1] ?? "", "before"),
        after: try BusinessImage(flat: row[4] ?? "", ban: row[1] ?? "", "after"))
    }
    #expect(flat == model.shownFeed, place)
  }
}

extension BusinessImage {
  /// Reads the columns of one side of a change.
  ///
  /// - Parameter side: `before` or `after`.
  /// - Returns: nil if the business did not exist on that side.
  fileprivate init?(flat json: String, ban: String, _ side: String) throws {
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:]
    var own: [String: Any] = ["ban": ban]
    for (name, value) in object where name.hasSuffix("_\(side)") { own[String(name.dropLast(side.count + 1))] = value }
    guard !(own["industries"] is NSNull) else { return nil }
    try self.init(json: String(decoding: JSONSerialization.data(withJSONObject: own), as: UTF8.self))
  }
}
