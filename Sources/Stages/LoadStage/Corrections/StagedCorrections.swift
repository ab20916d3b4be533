import Postgres
import Records
import Support

/// Stages the corrections whose content the registry does not hold.
struct StagedCorrections {
  let corrections: Corrections
  let diff: Diff

  func stage(_ session: inout Connection) throws {
    try copyNew(&session)
    let kept = diff.correctionsToStage.filter { diff.resolutions[$0] == .kept }
    guard !kept.isEmpty else { return }
    let bans = PostgresArray.of(bans: kept)
    let columns = RegistrationImage.columns.joined(separator: ", ")
    let values = RegistrationImage.columns.map { "n.\($0)" }.joined(separator: ", ")
    try session.execute(
      String(sql: PackageResources.stage_corrections_sql, ["columns": columns, "values": values]), [bans])
    try session.execute(String(sql: PackageResources.stage_correction_industries_sql), [bans])
  }

  /// Copies the sheet's rows, in the form that the rules produced.
  private func copyNew(_ session: inout Connection) throws {
    let put = diff.correctionsToStage.sorted().compactMap { ban in
      diff.resolutions[ban] == .kept ? nil : corrections.new[ban]
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
