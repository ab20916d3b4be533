import CommandKit
import Postgres
import Spool
import Support

/// What made a snapshot visible.
public enum LoadAction: String, Codable, Sendable {
  /// It is the next one.
  case load
  /// An earlier one was asked for again.
  case rollback
  /// The same one, with corrections put on …
  case replay
  /// … or taken off.
  case withdraw
}

/// A snapshot that became visible: a row of publication.
struct Publication: Sendable {
  let id: Int
  let jobRunID: Int
  let snapshot: String
  let action: LoadAction
  let kind: LoadKind
  let contentSHA256: String
  let rulesVersion: Int
  let whole: Bool
  let state: RegistryState
  let inserted: Int
  let updated: Int
  let removed: Int
  let changes: ChangeCounts
  let repaired: Int
  let repairedBANs: [String]
  let refusals: [String]

  /// Whether publishing the snapshot again would change nothing.
  func holds(_ snapshot: FinalizedSnapshot) -> Bool {
    contentSHA256 == snapshot.transform.contentSHA256 && rulesVersion == snapshot.transform.rulesVersion
      && (whole || !snapshot.whole)
  }

  static func last(_ session: inout Connection) throws -> Publication? {
    try select(&session, "ORDER BY id DESC LIMIT 1")
  }

  /// What a run published, asked when the answer to its COMMIT did not arrive.
  static func of(_ job: JobRun, _ session: inout Connection) throws -> Publication? {
    try select(&session, "WHERE job_run_id = \(job.id)")
  }

  /// What the registry held before, told from what is written down: of the industries what the publication before left.
  func before(_ session: inout Connection) throws -> RegistryState {
    if kind == .bulk { return RegistryState(registrations: 0, industries: 0) }
    let earlier = try Self.select(&session, "WHERE id < \(id) ORDER BY id DESC LIMIT 1")
    return RegistryState(
      registrations: state.registrations + removed - inserted, industries: earlier?.state.industries ?? 0)
  }

  /// The rollback that is in force, if it went back from this very content. It stays in force while corrections are put on
  /// or taken off, and a sample is no reason to end it.
  static func rollback(from snapshot: FinalizedSnapshot, _ session: inout Connection) throws -> Publication? {
    // A rollback is in force as long as its snapshot is published, whatever is verified or corrected in it meanwhile.
    let rollback = try select(
      &session,
      """
      WHERE action = 'rollback' AND id > (
        SELECT coalesce(max(p.id), 0) FROM publication p WHERE p.whole AND p.snapshot <> (
          SELECT l.snapshot FROM publication l WHERE l.whole ORDER BY l.id DESC LIMIT 1))
      ORDER BY id DESC LIMIT 1
      """)
    guard let rollback, !rollback.holds(snapshot) else { return nil }
    let wasPublished = try session.execute(
      "SELECT EXISTS (SELECT FROM publication WHERE id < \(rollback.id) AND content_sha256 = $1 AND snapshot > $2)",
      [snapshot.transform.contentSHA256, rollback.snapshot]
    ).truth
    return wasPublished ? rollback : nil
  }

  /// What a publication did, beside the snapshot that it published.
  struct Effect {
    var state: RegistryState
    var inserted = 0
    var updated = 0
    var removed = 0
    var changes = ChangeCounts()
    var repaired = 0
    /// Which, the first thousand.
    var repairedBANs: [String] = []
    /// Why the snapshot was refused, where it was accepted all the same.
    var refusals: [String] = []
  }

  /// Writes the row, in the transaction that makes the snapshot visible.
  static func write(
    _ session: inout Connection, _ settings: LoadSettings, _ snapshot: FinalizedSnapshot, _ job: JobRun,
    _ kind: LoadKind,
    _ effect: Effect
  ) throws -> Publication {
    let transform = snapshot.transform
    let acceptance = effect.refusals.isEmpty ? nil : settings.acceptance
    let id = try session.execute(
      """
      INSERT INTO publication (job_run_id, snapshot, source_sha256, content_sha256, rules_version, kind, source_date,
        whole, registrations, industries, inserted, updated, removed, action, records, missing_columns, cities, changes,
        repaired, refusals, accepted_by, accept_reason, repaired_bans)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
        ARRAY(SELECT pg_catalog.jsonb_array_elements_text($16::jsonb)), $17::jsonb, $18::jsonb, $19,
        ARRAY(SELECT pg_catalog.jsonb_array_elements_text($20::jsonb)), $21, $22,
        ARRAY(SELECT pg_catalog.jsonb_array_elements_text($23::jsonb))) RETURNING id
      """,
      [
        "\(job.id)", snapshot.id, transform.input.sha256, transform.contentSHA256, "\(transform.rulesVersion)",
        kind.rawValue, settings.action.sourceDate(of: snapshot), snapshot.whole ? "t" : "f",
        "\(effect.state.registrations)", "\(effect.state.industries)", "\(effect.inserted)", "\(effect.updated)",
        "\(effect.removed)", settings.action.rawValue, "\(snapshot.totals.total)",
        try DatabaseJSON.text(transform.notes.missingColumns), try transform.cities.map { try DatabaseJSON.text($0) },
        try DatabaseJSON.text(effect.changes), "\(effect.repaired)", try DatabaseJSON.text(effect.refusals),
        acceptance?.user, acceptance?.reason, try DatabaseJSON.text(effect.repairedBANs),
      ]
    ).number
    guard let id else { throw Failure(.bug, "publication gave no id") }
    return Publication(
      id: id, jobRunID: job.id, snapshot: snapshot.id, action: settings.action, kind: kind,
      contentSHA256: transform.contentSHA256, rulesVersion: transform.rulesVersion, whole: snapshot.whole,
      state: effect.state, inserted: effect.inserted, updated: effect.updated, removed: effect.removed,
      changes: effect.changes, repaired: effect.repaired, repairedBANs: effect.repairedBANs,
      refusals: effect.refusals)
  }

  private static func select(_ session: inout Connection, _ which: String) throws -> Publication? {
    let rows = try session.execute(
      """
      SELECT id, job_run_id, rules_version, registrations, industries, inserted, updated, removed,
        kind, content_sha256, whole, snapshot, action, changes, repaired, pg_catalog.to_json(refusals),
        pg_catalog.to_json(repaired_bans)
      FROM publication \(which)
      """)
    guard let row = rows.values.first else { return nil }
    func number(_ column: Int) -> Int { row[column].flatMap { Int($0) } ?? 0 }
    return Publication(
      id: number(0), jobRunID: number(1), snapshot: row[11] ?? "", action: row[12].flatMap(LoadAction.init) ?? .load,
      kind: row[8].flatMap(LoadKind.init) ?? .reconcile, contentSHA256: row[9] ?? "", rulesVersion: number(2),
      whole: row[10] == "t", state: RegistryState(registrations: number(3), industries: number(4)),
      inserted: number(5), updated: number(6), removed: number(7),
      changes: (try? DatabaseJSON.value(row[13])) ?? ChangeCounts(), repaired: number(14),
      repairedBANs: (try? DatabaseJSON.value(row[16])) ?? [], refusals: (try? DatabaseJSON.value(row[15])) ?? [])
  }
}

extension LoadAction {
  /// The date that a publication counts from, nil where it is the day on which it becomes visible: a correction of today
  /// was not known on the snapshot's own day.
  func sourceDate(of snapshot: FinalizedSnapshot) -> String? {
    switch self {
    case .load, .rollback: snapshot.transform.sourceDate
    case .replay, .withdraw: nil
    }
  }
}
