import CommandKit
import Postgres
import Spool
import Support

/// Why a snapshot was published.
public enum LoadAction: String, Codable, Sendable {
  /// A snapshot was loaded.
  case load
  /// An earlier snapshot was published again.
  case rollback
  /// The same snapshot, with corrections added.
  case replay
  /// The same snapshot, with corrections withdrawn.
  case withdraw
}

/// A published snapshot: a row of publication.
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

  /// Returns what a run published, for when the answer to its COMMIT was lost.
  static func of(_ job: JobRun, _ session: inout Connection) throws -> Publication? {
    try select(&session, "WHERE job_run_id = \(job.id)")
  }

  /// Returns what the registry held before, computed from the rows of publication.
  func before(_ session: inout Connection) throws -> RegistryState {
    if kind == .initial { return RegistryState(registrations: 0, industries: 0) }
    let earlier = try Self.select(&session, "WHERE id < \(id) ORDER BY id DESC LIMIT 1")
    return RegistryState(
      registrations: state.registrations + removed - inserted, industries: earlier?.state.industries ?? 0)
  }

  /// Returns the rollback in force, if it went back from this content. Corrections and samples do not end a rollback.
  static func rollback(from snapshot: FinalizedSnapshot, _ session: inout Connection) throws -> Publication? {
    let inForce = try String(sql: PackageResources.find_rollback_in_force_sql)
    let rollback = try select(&session, "WHERE id = (\(inForce))")
    guard let rollback, !rollback.holds(snapshot) else { return nil }
    let wasPublished = try session.bool(
      """
      SELECT EXISTS (SELECT FROM publication WHERE id < \(rollback.id) AND content_sha256 = $1
        AND id > (SELECT max(id) FROM publication WHERE action = 'load' AND snapshot = $2 AND id < \(rollback.id)))
      """, [snapshot.transform.contentSHA256, rollback.snapshot])
    return wasPublished ? rollback : nil
  }

  /// What a publication did to the registry.
  struct Effect {
    var state: RegistryState
    var inserted = 0
    var updated = 0
    var removed = 0
    var changes = ChangeCounts()
    var repaired = 0
    /// The first thousand of their BANs.
    var repairedBANs: [String] = []
    /// Refusals that were accepted.
    var refusals: [String] = []
    var groups: GroupCounts?
  }

  /// Inserts the row, in the transaction that publishes.
  static func write(
    _ session: inout Connection, _ settings: LoadSettings, _ snapshot: FinalizedSnapshot, _ job: JobRun,
    _ kind: LoadKind,
    _ effect: Effect
  ) throws -> Publication {
    let transform = snapshot.transform
    let acceptance = effect.refusals.isEmpty ? nil : settings.acceptance
    let id = try session.int(
      String(sql: PackageResources.insert_publication_sql),
      [
        "\(job.id)", snapshot.id, transform.input.sha256, transform.contentSHA256, "\(transform.rulesVersion)",
        kind.rawValue, settings.action.sourceDate(of: snapshot), snapshot.whole ? "t" : "f",
        "\(effect.state.registrations)", "\(effect.state.industries)", "\(effect.inserted)", "\(effect.updated)",
        "\(effect.removed)", settings.action.rawValue, "\(snapshot.totals.total)",
        PostgresArray.of(transform.notes.missingColumns), try transform.cities.map { try DatabaseJSON.text($0) },
        try DatabaseJSON.text(effect.changes), "\(effect.repaired)", PostgresArray.of(effect.refusals),
        acceptance?.user, acceptance?.reason, PostgresArray.of(effect.repairedBANs),
        effect.groups?.byCity, effect.groups?.byType,
      ])
    try SourceCheck.recordPublication(
      settings.action, sourceDate: settings.action.sourceDate(of: snapshot), &session)
    // A checkpoint may have rows as they were before the repair.
    if effect.repaired > 0 { try Checkpoints.discard(&session) }
    return Publication(
      id: id, jobRunID: job.id, snapshot: snapshot.id, action: settings.action, kind: kind,
      contentSHA256: transform.contentSHA256, rulesVersion: transform.rulesVersion, whole: snapshot.whole,
      state: effect.state, inserted: effect.inserted, updated: effect.updated, removed: effect.removed,
      changes: effect.changes, repaired: effect.repaired, repairedBANs: effect.repairedBANs,
      refusals: effect.refusals)
  }

  private static func select(_ session: inout Connection, _ which: String) throws -> Publication? {
    let rows = try session.rows(
      """
      SELECT id, job_run_id, rules_version, registrations, industries, inserted, updated, removed,
        kind, content_sha256, whole, snapshot, action, changes, repaired, refusals, repaired_bans
      FROM publication \(which)
      """)
    guard let row = rows.first else { return nil }
    return Publication(
      id: try row.int("id"), jobRunID: try row.int("job_run_id"), snapshot: try row.text("snapshot"),
      action: try row.value("action"), kind: try row.value("kind"), contentSHA256: try row.text("content_sha256"),
      rulesVersion: try row.int("rules_version"), whole: try row.bool("whole"),
      state: RegistryState(registrations: try row.int("registrations"), industries: try row.int("industries")),
      inserted: try row.int("inserted"), updated: try row.int("updated"), removed: try row.int("removed"),
      changes: try row.changeCounts("changes"), repaired: try row.int("repaired"),
      repairedBANs: try row.textArray("repaired_bans"), refusals: try row.textArray("refusals"))
  }
}

extension LoadAction {
  /// Returns the date from which a publication counts. Nil means the day of publication: a correction was not known on
  /// the snapshot's source date.
  func sourceDate(of snapshot: FinalizedSnapshot) -> String? {
    switch self {
    case .load, .rollback: snapshot.transform.sourceDate
    case .replay, .withdraw: nil
    }
  }
}
