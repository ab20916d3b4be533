import Foundation
import TestCluster

/// A row of the change feed.
struct FeedRow: Hashable {
  var job: Int
  var ban: String
  var kind: String
  var reason: String?
  var changedColumns: Set<String> = []
  var before: BusinessImage?
  var after: BusinessImage?
}

extension TestDatabase {
  /// Returns the feed in the order of publications.
  func feed() throws -> [FeedRow] {
    try feedRows(
      """
      SELECT job_run_id, ban, kind, reason, to_json(changed_columns), before, after
      FROM registration_change ORDER BY job_run_id, ban
      """)
  }

  /// Returns the history of each business, in the order of `bans`.
  func history(_ bans: [String]) throws -> [FeedRow] {
    try feedRows(
      """
      SELECT h.job_run_id, b.ban, h.kind, h.reason, to_json(h.changed_columns), h.before, h.after
      FROM unnest('{\(bans.joined(separator: ","))}'::text[]) WITH ORDINALITY AS b (ban, place),
        registry_history(b.ban) h
      ORDER BY b.place, h.job_run_id
      """)
  }

  private func feedRows(_ sql: String) throws -> [FeedRow] {
    try execute(sql).values.map { row in
      let columns = try JSONDecoder().decode([String].self, from: Data((row[4] ?? "").utf8))
      return FeedRow(
        job: row[0].flatMap { Int($0) } ?? 0, ban: row[1] ?? "", kind: row[2] ?? "-", reason: row[3],
        changedColumns: Set(columns), before: try row[5].map(BusinessImage.init),
        after: try row[6].map(BusinessImage.init))
    }
  }
}
