import CommandKit
import Postgres
import Support

/// Writes the change feed: the differences between the staged rows and the registry. Runs in the transaction that
/// publishes, before it changes the registry's rows.
struct ChangeFeed {
  let job: JobRun
  /// Date of the feed's rows; nil if the publication has none.
  let sourceDate: String?

  func write(_ session: inout Connection) throws -> ChangeCounts {
    let key: [String?] = ["\(job.id)", sourceDate]
    let columns = RegistrationImage.differing.map {
      "CASE WHEN before -> '\($0)' IS DISTINCT FROM after -> '\($0)' THEN '\($0)' END"
    }
    let before = RegistrationImage.sql("r", industries: "business_industry")
    let changes = try String(
      sql: PackageResources.staged_changes_sql,
      [
        "changed_columns": columns.joined(separator: ", "), "before": before,
        "after": RegistrationImage.sql("n", industries: "incoming_industry"),
      ])
    try insert("kind, changed_columns, before, after", changes, key, &session)
    let removals = try String(sql: PackageResources.staged_removals_sql, ["before": before])
    try insert("kind, reason, before", removals, key, &session)
    let counts = try count(&session)
    try requireWritten(counts, [changes, removals], key, &session)
    return counts
  }

  private func insert(_ columns: String, _ rows: String, _ key: [String?], _ session: inout Connection) throws {
    try session.execute(
      "INSERT INTO registration_change (job_run_id, source_date, ban, \(columns))\n\(rows)", key)
  }

  /// Checks that every row was written.
  ///
  /// - Throws: category `configuration` if a user's trigger or rule left rows out.
  private func requireWritten(
    _ counts: ChangeCounts, _ parts: [String], _ key: [String?], _ session: inout Connection
  ) throws {
    // Count only if there is such a trigger or rule: this computes all images a second time.
    let mayLeaveOut = try session.bool(
      """
      SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = 'registration_change'::regclass
        AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 7 = 7)
        OR EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE ev_class = 'registration_change'::regclass)
      """)
    guard mayLeaveOut else { return }
    let staged = try parts.reduce(0) { try $0 + session.int("SELECT count(*) FROM (\($1)) AS staged", key) }
    let written = counts.kinds.values.reduce(0, +)
    guard written != staged else { return }
    throw Failure(suppressedRowsOf: "registration_change", session)
  }

  private func count(_ session: inout Connection) throws -> ChangeCounts {
    var counts = ChangeCounts()
    let groups = try session.rows(
      """
      SELECT kind, reason, count(*) AS businesses FROM registration_change WHERE job_run_id = $1 GROUP BY kind, reason
      """, ["\(job.id)"])
    for row in groups {
      let number = try row.int("businesses")
      counts.kinds[try row.text("kind"), default: 0] += number
      if let reason = try row.optionalText("reason") { counts.reasons[reason, default: 0] += number }
    }
    let columns = try session.rows(
      """
      SELECT c AS changed, count(*) AS businesses FROM registration_change, pg_catalog.unnest(changed_columns) AS c
      WHERE job_run_id = $1 AND kind = 'changed' GROUP BY c
      """, ["\(job.id)"])
    for row in columns { counts.columns[try row.text("changed")] = try row.int("businesses") }
    return counts
  }
}
