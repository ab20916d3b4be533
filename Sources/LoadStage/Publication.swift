import Failures
import Postgres

/// A snapshot that became visible: a row of publication.
struct Publication: Sendable {
  let id: Int
  let jobRunID: Int
  let kind: LoadKind
  let contentSHA256: String
  let rulesVersion: Int
  let whole: Bool
  let state: RegistryState
  let inserted: Int
  let updated: Int
  let removed: Int

  /// Whether publishing the snapshot again would change nothing.
  func holds(_ snapshot: SettledSnapshot) -> Bool {
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

  /// Writes the row, in the transaction that makes the snapshot visible.
  static func write(
    _ session: inout Connection, _ snapshot: SettledSnapshot, _ job: JobRun, _ kind: LoadKind, state: RegistryState,
    inserted: Int, updated: Int, removed: Int
  ) throws -> Publication {
    let transform = snapshot.transform
    let id = try session.execute(
      """
      INSERT INTO publication (job_run_id, snapshot, source_sha256, content_sha256, rules_version, kind, source_date,
        whole, registrations, industries, inserted, updated, removed)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id
      """,
      [
        "\(job.id)", snapshot.id, transform.input.sha256, transform.contentSHA256, "\(transform.rulesVersion)",
        kind.rawValue, transform.sourceDate, snapshot.whole ? "t" : "f", "\(state.registrations)",
        "\(state.industries)", "\(inserted)", "\(updated)", "\(removed)",
      ]
    ).number
    guard let id else { throw Failure(.bug, "publication gave no id") }
    return Publication(
      id: id, jobRunID: job.id, kind: kind, contentSHA256: transform.contentSHA256,
      rulesVersion: transform.rulesVersion, whole: snapshot.whole, state: state, inserted: inserted, updated: updated,
      removed: removed)
  }

  private static func select(_ session: inout Connection, _ which: String) throws -> Publication? {
    let rows = try session.execute(
      """
      SELECT id, job_run_id, rules_version, registrations, industries, inserted, updated, removed,
        kind, content_sha256, whole
      FROM publication \(which)
      """)
    guard let row = rows.values.first else { return nil }
    func number(_ column: Int) -> Int { row[column].flatMap { Int($0) } ?? 0 }
    return Publication(
      id: number(0), jobRunID: number(1), kind: row[8].flatMap(LoadKind.init) ?? .reconcile,
      contentSHA256: row[9] ?? "", rulesVersion: number(2), whole: row[10] == "t",
      state: RegistryState(registrations: number(3), industries: number(4)), inserted: number(5), updated: number(6),
      removed: number(7))
  }
}
