import Postgres
import Spool
import Support

/// Makes the registry equal to the snapshot and the corrections in force: one transaction that writes the rows that differ
/// and no others. It takes no lock that a reader would wait for.
struct ReconcilePublish {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let load: CurrentLoad
  let corrections: Corrections
  let differences: Differences
  /// Why the snapshot was refused, where it was accepted all the same.
  let refusals: [String]

  /// - Parameter registrations: how many businesses the registry held.
  func perform(_ session: inout Connection, registrations: Int) throws -> (Publication, before: RegistryState) {
    // So that a few rows are looked up and many are joined. Where the role may not, the server says so and goes on.
    try session.execute("ANALYZE incoming_registration, incoming_industry")
    let result = try session.transaction("publication") { session in
      try load.holdAlone(&session)
      // For a day on which millions of rows go in: sorted they fill the indexes from one end to the other.
      try session.execute("SET LOCAL work_mem = '64MB'")
      guard try Publication.last(&session)?.id == load.base else {
        throw StartOver(reason: "another snapshot was published meanwhile")
      }
      let industries = try session.execute("SELECT count(*) FROM business_industry").number ?? 0
      let before = RegistryState(registrations: registrations, industries: industries)
      var effect = Publication.Effect(
        state: before, repaired: differences.repairCount,
        repairedBANs: differences.repairedBANs, refusals: refusals)

      try StagedCorrections(corrections: corrections, differences: differences).stage(&session)
      try stageRemovals(&session)
      try markRepairs(&session)
      // The first publication is the feed's base.
      if load.base != nil {
        let sourceDate = settings.action.sourceDate(of: snapshot)
        effect.changes = try ChangeFeed(job: load.job, sourceDate: sourceDate).write(&session)
      }

      try remember(&session)
      effect.state.industries -= try removeIndustries(&session)
      effect.removed = try remove(&session)
      effect.updated = try update(&session)
      effect.inserted = try insert(&session)
      effect.state.registrations += effect.inserted - effect.removed
      effect.state.industries += try changeIndustries(&session)
      try requireWritten(effect, &session)

      try CorrectionTable(job: load.job, user: settings.user, corrections: corrections, differences: differences)
        .write(&session)
      try settings.sheet?.writeFindings(&session, load.job)
      let publication = try Publication.write(&session, settings, snapshot, load.job, .reconcile, effect)
      try load.job.succeed(&session, status: settings.status(of: snapshot))
      try CurrentLoad.finish(&session)
      return (publication, before)
    }
    return result
  }

  /// A trigger or rule of a user can swallow what is written without an error.
  private func requireWritten(_ effect: Publication.Effect, _ session: inout Connection) throws {
    let rows = try session.execute(
      """
      SELECT (SELECT count(*) FROM incoming_registration), (SELECT count(*) FROM incoming_removal),
        (SELECT count(*) FROM incoming_industry),
        (SELECT count(*) FROM business_industry i JOIN incoming_registration n ON n.ban = i.business_id)
      """)
    let counts = rows.values.first?.map { $0.flatMap { Int($0) } ?? -1 } ?? []
    guard counts.count == 4, effect.inserted + effect.updated == counts[0], effect.removed == counts[1],
      counts[2] == counts[3]
    else {
      throw Failure(
        .configuration,
        "\(session.place): of \(counts.first ?? 0) businesses that differ the tables took \(effect.inserted + effect.updated), and of \(counts.dropFirst().first ?? 0) that are gone they let go \(effect.removed), or not all of their industries; nothing is published",
        hint: "a trigger or rule of yours on the tables keeps rows back: correct or disable it")
    }
  }

  private func stageRemovals(_ session: inout Connection) throws {
    guard !differences.removals.isEmpty else { return }
    _ = try session.copyIn("COPY incoming_removal (ban, reason, is_repair) FROM STDIN") { sink in
      var block = ""
      for removal in differences.removals {
        block += "\(CopyLine.escaped(removal.ban))\t\(removal.reason)\t\(removal.isRepair ? "t" : "f")\n"
        if block.utf8.count > 1 << 16 {
          try Array(block.utf8).withUnsafeBytes { try sink.write($0) }
          block = ""
        }
      }
      try Array(block.utf8).withUnsafeBytes { try sink.write($0) }
    }
    try session.execute("ANALYZE incoming_removal")
  }

  private func markRepairs(_ session: inout Connection) throws {
    guard !differences.repairs.isEmpty else { return }
    let bans = "{" + differences.repairs.map(BANText.text).joined(separator: ",") + "}"
    try session.execute("UPDATE incoming_registration SET is_repair = true WHERE ban = ANY ($1)", [bans])
  }

  private func remember(_ session: inout Connection) throws {
    guard !differences.removals.isEmpty else { return }
    try session.execute(
      """
      INSERT INTO removed_registration (ban, created_at)
      SELECT ban, r.created_at FROM incoming_removal g JOIN tax_registration r USING (ban) WHERE NOT g.is_repair
      ON CONFLICT (ban) DO UPDATE SET created_at = excluded.created_at
      """)
  }

  /// By hand rather than by the foreign key's cascade, which does not count.
  private func removeIndustries(_ session: inout Connection) throws -> Int {
    guard !differences.removals.isEmpty else { return 0 }
    return try session.execute(
      "DELETE FROM business_industry i USING incoming_removal g WHERE i.business_id = g.ban"
    ).affected
  }

  private func remove(_ session: inout Connection) throws -> Int {
    guard !differences.removals.isEmpty else { return 0 }
    return try session.execute("DELETE FROM tax_registration r USING incoming_removal g WHERE r.ban = g.ban").affected
  }

  private func update(_ session: inout Connection) throws -> Int {
    try session.execute(
      """
      UPDATE tax_registration r SET headquarters_ban = n.headquarters_ban, business_name = n.business_name,
        business_address = n.business_address, capital_amount = n.capital_amount,
        business_setup_date = n.business_setup_date, setup_date = n.setup_date, business_type = n.business_type,
        is_use_invoice = n.is_use_invoice, content_hash = n.content_hash, data_source_date = $1::date, updated_at = now()
      FROM incoming_registration n WHERE r.ban = n.ban
      """, [snapshot.transform.sourceDate]
    ).affected
  }

  private func insert(_ session: inout Connection) throws -> Int {
    let inserted = try session.execute(
      """
      INSERT INTO tax_registration (ban, headquarters_ban, business_name, business_address, capital_amount,
        business_setup_date, setup_date, business_type, is_use_invoice, content_hash, data_source_date, created_at,
        updated_at)
      SELECT n.ban, n.headquarters_ban, n.business_name, n.business_address, n.capital_amount, n.business_setup_date,
        n.setup_date, n.business_type, n.is_use_invoice, n.content_hash, $1::date, coalesce(m.created_at, now()), now()
      FROM incoming_registration n LEFT JOIN removed_registration m ON m.ban = n.ban
      WHERE NOT EXISTS (SELECT FROM tax_registration r WHERE r.ban = n.ban) ORDER BY n.ban
      """, [snapshot.transform.sourceDate]
    ).affected
    if inserted > 0 {
      try session.execute("DELETE FROM removed_registration m USING incoming_registration n WHERE m.ban = n.ban")
    }
    return inserted
  }

  /// - Returns: how many rows the table has more than before.
  private func changeIndustries(_ session: inout Connection) throws -> Int {
    let removed = try session.execute(
      """
      DELETE FROM business_industry i USING incoming_registration r
      WHERE i.business_id = r.ban AND NOT EXISTS (
        SELECT FROM incoming_industry n WHERE n.business_id = i.business_id AND n.industry_code = i.industry_code)
      """
    ).affected
    try session.execute(
      """
      UPDATE business_industry i SET industry_name = n.industry_name, "order" = n."order" FROM incoming_industry n
      WHERE n.business_id = i.business_id AND n.industry_code = i.industry_code
        AND (n.industry_name, n."order") IS DISTINCT FROM (i.industry_name, i."order")
      """)
    let inserted = try session.execute(
      """
      INSERT INTO business_industry (business_id, industry_code, industry_name, "order")
      SELECT n.business_id, n.industry_code, n.industry_name, n."order" FROM incoming_industry n
      WHERE NOT EXISTS (
        SELECT FROM business_industry i WHERE i.business_id = n.business_id AND i.industry_code = n.industry_code)
      ORDER BY n.business_id, n.industry_code
      """
    ).affected
    return inserted - removed
  }
}
