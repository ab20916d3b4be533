import CommandKit
import Postgres
import Support

/// Writes the change feed: what is staged against what the registry holds, in the transaction that makes it so, and before
/// that touches a row.
struct ChangeFeed {
  let job: JobRun
  /// Date of the feed's rows, nil where the publication has none.
  let sourceDate: String?

  func write(_ session: inout Connection) throws -> ChangeCounts {
    let key: [String?] = ["\(job.id)", sourceDate]
    let columns = RegistrationImage.differing.map {
      "CASE WHEN before -> '\($0)' IS DISTINCT FROM after -> '\($0)' THEN '\($0)' END"
    }
    // Images are made once: OFFSET 0 keeps the planner from repeating them wherever they are looked at.
    let staged = """
      SELECT $1::bigint, $2::date, ban, kind,
        CASE kind WHEN 'changed' THEN array_remove(ARRAY[\(columns.joined(separator: ", "))], NULL) ELSE '{}' END,
        before, after
      FROM (
        SELECT n.ban,
          CASE WHEN r.ban IS NOT NULL THEN 'changed' WHEN m.ban IS NOT NULL THEN 'reappeared' ELSE 'added' END AS kind,
          CASE WHEN r.ban IS NOT NULL THEN \(RegistrationImage.sql("r", industries: "business_industry")) END AS before,
          \(RegistrationImage.sql("n", industries: "incoming_industry")) AS after
        FROM incoming_registration n LEFT JOIN tax_registration r ON r.ban = n.ban
          LEFT JOIN removed_registration m ON m.ban = n.ban
        WHERE NOT n.is_repair ORDER BY n.ban OFFSET 0
      ) AS staged
      WHERE before IS DISTINCT FROM after
      """
    try insert("kind, changed_columns, before, after", staged, key, &session)
    try insert(
      "kind, reason, before",
      """
      SELECT $1::bigint, $2::date, r.ban, 'removed', g.reason, \(RegistrationImage.sql("r", industries: "business_industry"))
      FROM incoming_removal g JOIN tax_registration r ON r.ban = g.ban WHERE NOT g.is_repair
      """, key, &session)
    return try count(&session)
  }

  /// - Throws: category `configuration` where a trigger of the user's has left rows out.
  private func insert(_ columns: String, _ rows: String, _ key: [String?], _ session: inout Connection) throws {
    let written = try session.execute(
      "INSERT INTO registration_change (job_run_id, source_date, ban, \(columns))\n\(rows)", key
    ).affected
    // Asked only where there is such a trigger: the images cost as much again.
    let mayLeaveOut = try session.execute(
      """
      SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = 'registration_change'::regclass
        AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 7 = 7)
      """
    ).truth
    guard mayLeaveOut else { return }
    let staged = try session.execute("SELECT count(*) FROM (\(rows)) AS staged", key).number ?? 0
    guard written != staged else { return }
    throw Failure(
      .configuration,
      "\(session.place): a BEFORE trigger on registration_change has left out \(staged - written) of \(staged) rows of the feed",
      hint: "let it RETURN NEW, or make it an AFTER trigger; nothing was published")
  }

  private func count(_ session: inout Connection) throws -> ChangeCounts {
    var counts = ChangeCounts()
    let groups = try session.execute(
      """
      SELECT kind, reason, count(*) FROM registration_change WHERE job_run_id = $1 GROUP BY kind, reason
      """, ["\(job.id)"])
    for row in groups.values {
      let number = row[2].flatMap { Int($0) } ?? 0
      counts.kinds[row[0] ?? "", default: 0] += number
      if let reason = row[1] { counts.reasons[reason, default: 0] += number }
    }
    let columns = try session.execute(
      """
      SELECT c, count(*) FROM registration_change, unnest(changed_columns) AS c
      WHERE job_run_id = $1 AND kind = 'changed' GROUP BY c
      """, ["\(job.id)"])
    for row in columns.values { counts.columns[row[0] ?? ""] = row[1].flatMap { Int($0) } }
    return counts
  }
}
