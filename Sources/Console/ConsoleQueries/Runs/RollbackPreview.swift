import Postgres

/// A preview of what `rollback` would do, or a load of what a rollback undid.
public struct RollbackPreview: Sendable, Equatable {
  /// A publication.
  public struct State: Sendable, Equatable {
    public let publication: Int
    public let jobRunID: Int
    public let snapshot: String
    public let action: String
    /// The date of the source, ISO 8601.
    public let sourceDay: String
    public let publishedAt: String
    public let registrations: Int
  }

  /// A load.
  public struct Load: Sendable, Equatable {
    public let jobRunID: Int
    /// ISO 8601.
    public let asOfDate: String?
  }

  /// The numbers of businesses that the rollback would change.
  public struct Effect: Sendable, Equatable {
    /// Businesses that were added since.
    public let removed: Int
    /// Businesses that were removed since.
    public let inserted: Int
    public let updated: Int
  }

  /// The newest publication.
  public let now: State
  /// The state to go to: the last publication of the target snapshot, or the undone load.
  public let target: State
  /// The loads that it undoes, the oldest first.
  public let undone: [Load]
  /// Nil if rows of the feed have expired, or if it has ``changesMax`` rows or more since the target.
  public let effect: Effect?

  /// The number of businesses afterwards. Corrections in force stay, so it may differ from the target's number; that
  /// one is given if the effect is not counted.
  public var registrationsAfter: Int {
    effect.map { now.registrations + $0.inserted - $0.removed } ?? target.registrations
  }

  /// From this number of feed rows on, the effect is not counted, since that would take long.
  public static let changesMax = 200_000

  /// Finds the target by the pipeline's own rule: the last whole snapshot with another source that was published before
  /// the current snapshot's first publication. If the current one is a sample, the target is the whole snapshot before
  /// it. Snapshots that are missing in the spool are skipped; the page shows how many publications are undone.
  /// Corrections in force stay, so businesses with one are not counted.
  ///
  /// - Parameter inSpool: names of the snapshots in the spool; nil if they are unknown.
  /// - Returns: nil if there is nothing to go back to.
  public static func read(_ connection: inout Connection, inSpool: [String]? = nil) throws -> RollbackPreview? {
    guard let now = try state(&connection, "TRUE", []) else { return nil }
    let target = try state(
      &connection,
      """
      p.whole AND p.source_sha256 <> (SELECT l.source_sha256 FROM publication l ORDER BY l.id DESC LIMIT 1)
        AND ($1::text IS NULL OR p.snapshot = ANY (string_to_array($1, ','))) AND p.id < (
        SELECT CASE WHEN l.whole THEN (SELECT min(f.id) FROM publication f WHERE f.snapshot = l.snapshot) ELSE l.id END
        FROM publication l ORDER BY l.id DESC LIMIT 1)
      """, [inSpool?.joined(separator: ",")])
    guard let target else { return nil }
    let publications = try UndonePublications.all(&connection)
    let undone = publications.undone(byRollbackTo: target.snapshot)
    return RollbackPreview(
      now: now, target: target, undone: undone.map { Load(jobRunID: $0.jobRunID, asOfDate: $0.asOfDate) },
      effect: try effect(&connection, since: target, publications))
  }

  /// Reads the preview of loading again what a rollback undid.
  ///
  /// - Parameter load: the job run of the undone load.
  /// - Returns: nil if it published nothing.
  public static func read(_ connection: inout Connection, reloading load: Int) throws -> RollbackPreview? {
    guard let now = try state(&connection, "TRUE", []),
      let target = try state(&connection, "p.job_run_id = $1::bigint", ["\(load)"])
    else { return nil }
    let publications = try UndonePublications.all(&connection)
    return RollbackPreview(
      now: now, target: target, undone: [], effect: try effect(&connection, since: target, publications))
  }

  private static func state(
    _ connection: inout Connection, _ condition: String, _ parameters: [String?]
  ) throws -> State? {
    try connection.rows(
      """
      SELECT p.id, p.job_run_id, p.snapshot, p.action, p.published_at, p.registrations,
        \(JobRuns.sourceDay) AS source_day
      FROM publication p WHERE \(condition) ORDER BY p.id DESC LIMIT 1
      """, parameters
    ).first.map { row in
      State(
        publication: try row.int("id"), jobRunID: try row.int("job_run_id"), snapshot: try row.text("snapshot"),
        action: try row.text("action"), sourceDay: try row.text("source_day"),
        publishedAt: try row.text("published_at"), registrations: try row.int("registrations"))
    }
  }

  /// Compares, for each business, the image before its first change with the image after its last change. Loads that
  /// were undone in the meantime, and their rollbacks, are left out: together they changed nothing.
  private static func effect(
    _ connection: inout Connection, since target: State, _ publications: UndonePublications
  ) throws -> Effect? {
    let cancelled = publications.cancelled(after: target.jobRunID)
    let leftOut = "{\(cancelled.sorted().map(String.init).joined(separator: ","))}"
    let isKnown = try connection.bool(
      """
      SELECT NOT EXISTS (SELECT FROM publication
          WHERE id > $1::bigint AND feed_expired_at IS NOT NULL AND job_run_id <> ALL ($4::bigint[]))
        AND (SELECT count(*) FROM (
          SELECT FROM registration_change WHERE job_run_id > $2::bigint AND job_run_id <> ALL ($4::bigint[])
          LIMIT $3::bigint) AS counted) < $3::bigint
      """, ["\(target.publication)", "\(target.jobRunID)", "\(changesMax)", leftOut])
    guard isKnown else { return nil }
    let row = try connection.row(
      """
      SELECT count(*) FILTER (WHERE was IS NULL AND is_now IS NOT NULL) AS removed,
        count(*) FILTER (WHERE was IS NOT NULL AND is_now IS NULL) AS inserted,
        count(*) FILTER (WHERE was <> is_now) AS updated
      FROM (
        SELECT DISTINCT ON (c.ban) first_value(c.before) OVER w AS was, last_value(c.after) OVER w AS is_now
        FROM registration_change c
        WHERE c.job_run_id > $1::bigint AND c.job_run_id <> ALL ($2::bigint[])
          AND NOT EXISTS (SELECT FROM registration_correction r WHERE r.ban = c.ban AND r.ended_at IS NULL)
        WINDOW w AS (
          PARTITION BY c.ban ORDER BY c.job_run_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
      ) AS both_ends
      """, ["\(target.jobRunID)", leftOut])
    return Effect(
      removed: try row.int("removed"), inserted: try row.int("inserted"), updated: try row.int("updated"))
  }
}
