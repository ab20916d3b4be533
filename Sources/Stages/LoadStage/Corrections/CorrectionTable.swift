import Postgres
import Support

/// Records which corrections began and which ended, in the transaction that publishes. The staged rows must still
/// exist.
struct CorrectionTable {
  let job: JobRun
  let user: String
  let corrections: Corrections
  let diff: Diff

  /// Puts the corrections in force again that a rollback reopens, before their rows are staged.
  static func reopen(_ bans: [UInt32], _ session: inout Connection) throws {
    let reopened = try session.execute(
      """
      UPDATE registration_correction SET ended_at = NULL, end_reason = NULL, ended_job_run_id = NULL
      WHERE id IN (SELECT max(id) FROM registration_correction WHERE ban = ANY ($1) GROUP BY ban)
      """, [PostgresArray.of(bans: bans)]
    ).affected
    guard reopened == bans.count else { throw Failure(suppressedRowsOf: "registration_correction", session) }
  }

  func write(_ session: inout Connection) throws {
    try end(corrections.withdrawn.keys, "withdrawn", &session)
    for (resolution, reason) in [(Correction.Resolution.fixed, "fixed"), (.gone, "gone")] {
      try end(diff.resolutions.filter { $0.value == resolution }.keys, reason, &session)
    }
    let put = diff.resolutions.compactMap { ban, resolution -> (ban: UInt32, put: Put)? in
      guard case .put(let sourceHash, let codes) = resolution, let record = corrections.new[ban] else { return nil }
      let fixed = codes.subtracting(record.warnings).sorted()
      return (ban, Put(ban: BANText.text(ban), sourceHash: sourceHash, fixedCodes: fixed))
    }.sorted { $0.ban < $1.ban }
    guard !put.isEmpty else { return }
    try end(put.map(\.ban), "replaced", &session)
    let written = try session.execute(
      String(
        sql: PackageResources.insert_corrections_sql,
        ["content": RegistrationImage.sql("n", industries: "incoming_industry")]),
      [try DatabaseJSON.text(put.map(\.put)), user, "\(job.id)"]
    ).affected
    guard written == put.count else { throw Failure(suppressedRowsOf: "registration_correction", session) }
  }

  /// An element of the statement's JSON parameter.
  private struct Put: Encodable {
    let ban: String
    let sourceHash: Int64?
    let fixedCodes: [String]

    enum CodingKeys: String, CodingKey {
      case ban
      case sourceHash = "source_hash"
      case fixedCodes = "fixed_codes"
    }
  }

  private func end(
    _ bans: some Collection<UInt32>, _ reason: String, _ session: inout Connection
  ) throws {
    guard !bans.isEmpty else { return }
    try session.execute(
      """
      UPDATE registration_correction SET ended_at = now(), end_reason = $2, ended_job_run_id = $3
      WHERE ended_at IS NULL AND ban = ANY ($1)
      """, [PostgresArray.of(bans: bans), reason, "\(job.id)"])
    let remain = try session.bool(
      "SELECT EXISTS (SELECT FROM registration_correction WHERE ended_at IS NULL AND ban = ANY ($1))",
      [PostgresArray.of(bans: bans)])
    if remain { throw Failure(suppressedRowsOf: "registration_correction", session) }
  }
}
