import Postgres

/// Writes down which corrections began and which ended, in the transaction that makes it so. The staged rows are there
/// still.
struct CorrectionTable {
  let job: JobRun
  let user: String
  let corrections: Corrections
  let differences: Differences

  func write(_ session: inout Connection) throws {
    try end(corrections.withdrawn.keys, "withdrawn", &session)
    for (category, reason) in [(Correction.Verdict.fixed, "fixed"), (.gone, "gone")] {
      try end(differences.verdicts.filter { $0.value == category }.keys, reason, &session)
    }
    let put = differences.verdicts.compactMap { ban, category -> (ban: UInt32, put: Put)? in
      guard case .put(let sourceHash, let codes) = category, let record = corrections.new[ban] else { return nil }
      let fixed = codes.subtracting(record.warnings).sorted()
      return (ban, Put(ban: BANText.text(ban), sourceHash: sourceHash, fixedCodes: fixed))
    }.sorted { $0.ban < $1.ban }
    guard !put.isEmpty else { return }
    try end(put.map(\.ban), "replaced", &session)
    try session.execute(
      """
      INSERT INTO registration_correction (ban, content, content_hash, source_hash, fixed_codes, corrected_by,
        job_run_id)
      SELECT n.ban, \(RegistrationImage.sql("n", industries: "incoming_industry")), n.content_hash, p.source_hash,
        p.fixed_codes, $2, $3
      FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS p (ban text, source_hash bigint, fixed_codes text[])
        JOIN incoming_registration n ON n.ban = p.ban COLLATE "C"
      ORDER BY n.ban
      """, [try DatabaseJSON.text(put.map(\.put)), user, "\(job.id)"])
  }

  /// As the statement reads it.
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
      """, ["{" + bans.map(BANText.text).joined(separator: ",") + "}", reason, "\(job.id)"])
  }
}
