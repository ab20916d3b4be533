import Postgres
import Records

/// Stages the businesses that corrections give another content than the registry holds.
struct StagedCorrections {
  let corrections: Corrections
  let differences: Differences

  func stage(_ session: inout Connection) throws {
    try copyNew(&session)
    let kept = differences.correctionsToStage.filter { differences.verdicts[$0] == .kept }
    guard !kept.isEmpty else { return }
    let bans = "{" + kept.map(BANText.text).joined(separator: ",") + "}"
    let columns = RegistrationImage.columns.joined(separator: ", ")
    let values = RegistrationImage.columns.map { "n.\($0)" }.joined(separator: ", ")
    try session.execute(
      """
      INSERT INTO incoming_registration (\(columns), content_hash)
      SELECT \(values), c.content_hash
      FROM registration_correction c, pg_catalog.jsonb_populate_record(NULL::incoming_registration, c.content) n
      WHERE c.ended_at IS NULL AND c.ban = ANY ($1)
      """, [bans])
    try session.execute(
      """
      INSERT INTO incoming_industry (business_id, industry_code, industry_name, "order")
      SELECT c.ban, i.industry_code, i.industry_name, i."order"
      FROM registration_correction c, pg_catalog.jsonb_populate_recordset(NULL::incoming_industry, c.content -> 'industries') i
      WHERE c.ended_at IS NULL AND c.ban = ANY ($1)
      """, [bans])
  }

  /// The rows of the sheet, as the rules wrote them.
  private func copyNew(_ session: inout Connection) throws {
    let put = differences.correctionsToStage.sorted().compactMap { ban in
      differences.verdicts[ban] == .kept ? nil : corrections.new[ban]
    }
    guard !put.isEmpty else { return }
    for (table, columns) in [
      ("incoming_registration", RegistryTable.registration), ("incoming_industry", RegistryTable.industry),
    ] {
      _ = try session.copyIn("COPY \(table) (\(columns.copyList)) FROM STDIN") { sink in
        for record in put {
          try (table == "incoming_registration" ? record.registration : record.industries)
            .withUnsafeBytes { try sink.write($0) }
        }
      }
    }
  }
}
