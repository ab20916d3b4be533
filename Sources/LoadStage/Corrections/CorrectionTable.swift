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
    for (verdict, reason) in [(Correction.Verdict.fixed, "fixed"), (.gone, "gone")] {
      try end(differences.verdicts.filter { $0.value == verdict }.keys, reason, &session)
    }
    let put = differences.verdicts.compactMap { ban, verdict -> (UInt32, Int64?, Set<String>)? in
      guard case .put(let sourceHash, let codes) = verdict else { return nil }
      return (ban, sourceHash, codes)
    }.sorted { $0.0 < $1.0 }
    try end(put.map(\.0), "replaced", &session)
    for (ban, sourceHash, codes) in put {
      guard let record = corrections.new[ban] else { continue }
      let repaired = codes.subtracting(record.warnings).sorted()
      try session.execute(
        """
        INSERT INTO registration_correction (ban, content, content_hash, source_hash, repaired_codes, corrected_by,
          job_run_id)
        SELECT n.ban, \(RegistrationImage.sql("n", industries: "incoming_industry")), n.content_hash, $2, $3, $4, $5
        FROM incoming_registration n WHERE n.ban = $1
        """,
        [
          BANText.text(ban), sourceHash.map { "\($0)" }, "{" + repaired.joined(separator: ",") + "}", user, "\(job.id)",
        ])
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
