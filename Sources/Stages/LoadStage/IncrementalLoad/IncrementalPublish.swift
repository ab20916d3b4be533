import Postgres
import Spool
import Support

/// Makes the registry equal to the snapshot and the corrections in force, in one transaction. It either writes only the
/// rows that differ, without a lock that blocks readers, or swaps rebuilt tables.
struct IncrementalPublish {
  let settings: LoadSettings
  let snapshot: FinalizedSnapshot
  let load: LoadState
  let corrections: Corrections
  let diff: Diff
  let standing: Standing
  /// Refusals that were accepted.
  let refusals: [String]
  /// Nil to write the rows one by one.
  var rebuild: TableRebuild?

  /// - Parameter registrations: how many businesses the registry held.
  /// - Throws: a ``TableSwap/Obstacle`` if rebuilt tables cannot be swapped.
  func perform(_ session: inout Connection, registrations: Int) throws -> (Publication, before: RegistryState) {
    // With statistics, the planner looks up few rows and joins many. Without the right to ANALYZE, the server only
    // warns.
    try session.execute("ANALYZE incoming_registration, incoming_industry")
    // The sessions that rebuild the tables must see the removals, so these are committed first.
    if rebuild != nil {
      try session.transaction("rebuild") { session in
        try load.lockShared(&session)
        try stageRemovals(&session)
      }
    }
    return try session.transaction("publication") { session in
      try load.lockExclusive(&session)
      // For a day with millions of new rows: sorting them lets the indexes grow in order.
      try session.execute("SET LOCAL work_mem = '64MB'")
      guard try Publication.last(&session)?.id == load.base else {
        throw RestartLoad(reason: "another snapshot was published meanwhile")
      }
      let building = try rebuild?.start(&session)
      defer { building?.cancel() }
      let industries = try session.int("SELECT count(*) FROM business_industry")
      let before = RegistryState(registrations: registrations, industries: industries)
      var effect = Publication.Effect(
        state: before, repaired: diff.repairCount,
        repairedBANs: diff.repairedBANs, refusals: refusals)

      try reopenCorrections(&session)
      try StagedCorrections(corrections: corrections, diff: diff).stage(&session)
      if rebuild == nil { try stageRemovals(&session) }
      try markRepairs(&session)
      // The first publication is the feed's base and has no rows in it.
      if standing.last != nil {
        let sourceDate = settings.action.sourceDate(of: snapshot)
        effect.changes = try ChangeFeed(job: load.job, sourceDate: sourceDate).write(&session)
      }

      try keepCreationTimes(&session)
      let built = try building.flatMap { try rebuild?.finish($0) }
      // Before this transaction reads the new tables: the wait ends with DROP INDEX, which waits for their readers.
      if built != nil { try rebuild?.waitForOldSnapshots() }
      if let built { try note(built, &effect, &session) } else { try writeRows(&effect, &session) }
      if effect.inserted > 0 {
        try session.execute("DELETE FROM removed_registration m USING incoming_registration n WHERE m.ban = n.ban")
      }

      let (registrationTable, industryTable) = (RegistryTable.registration, RegistryTable.industry)
      effect.groups = try GroupCounts.next(
        load.job, registrations: effect.state.registrations,
        built == nil ? registrationTable.name : registrationTable.bulkName, &session)
      try IndustryList.update(
        built == nil ? industryTable.name : industryTable.bulkName,
        sourceDate: settings.action.sourceDate(of: snapshot), &session)
      try CorrectionTable(job: load.job, user: settings.user, corrections: corrections, diff: diff)
        .write(&session)
      try settings.sheet?.writeFindings(&session, load.job)
      if standing.replacesSamples { try SampleRows.remove(&session) }
      let publication = try Publication.write(&session, settings, snapshot, load.job, .incremental, effect)
      try load.job.succeed(&session, status: settings.status(of: snapshot))
      if let built, let rebuild {
        // Readers wait from here until the COMMIT.
        try rebuild.lockForSwap(&session)
        try TableSwap(indexes: built.indexes, mayHaveRows: true).perform(&session)
      }
      try LoadState.finish(&session)
      return (publication, before)
    }
  }

  /// Writes the rows that differ.
  private func writeRows(_ effect: inout Publication.Effect, _ session: inout Connection) throws {
    if settings.verify { effect.state.industries -= try removeOrphans(&session) }
    effect.state.industries -= try removeIndustries(&session)
    effect.removed = try remove(&session)
    effect.updated = try update(&session)
    effect.inserted = try insert(&session)
    effect.state.registrations += effect.inserted - effect.removed
    effect.state.industries += try changeIndustries(&session)
    try requireWritten(effect, &session)
  }

  /// Sets the counts of `effect` from the rebuilt tables.
  private func note(
    _ built: TableRebuild.Built, _ effect: inout Publication.Effect, _ session: inout Connection
  ) throws {
    let counts = try session.row(String(sql: PackageResources.count_differing_sql))
    effect.inserted = try counts.int("inserted")
    effect.updated = try counts.int("staged") - effect.inserted
    effect.removed = try counts.int("removed")
    guard built.state.registrations == effect.state.registrations + effect.inserted - effect.removed else {
      throw RestartLoad(reason: "the registry was changed since the load began")
    }
    effect.state = built.state
  }

  /// Checks that every row was written: a user's trigger or rule can drop rows without an error.
  private func requireWritten(_ effect: Publication.Effect, _ session: inout Connection) throws {
    let staged = try session.row(String(sql: PackageResources.count_staged_sql))
    let (differing, gone) = (try staged.int("registrations"), try staged.int("removals"))
    guard effect.inserted + effect.updated == differing, effect.removed == gone,
      try staged.int("industries") == staged.int("industries_written"), try staged.int("industries_left") == 0
    else {
      throw Failure(
        .configuration,
        "\(session.place): not all rows were written: \(effect.inserted + effect.updated) of \(differing) changed businesses, \(effect.removed) of \(gone) removals, or not all of their industries; nothing was published",
        hint: "a trigger or rule on the tables suppresses rows: correct or disable it")
    }
  }

  private func stageRemovals(_ session: inout Connection) throws {
    // An earlier attempt may have staged some.
    try session.execute("DELETE FROM incoming_removal")
    guard !diff.removals.isEmpty else { return }
    let staged = try session.copyIn("COPY incoming_removal (ban, reason, is_repair) FROM STDIN") { sink in
      var block = ""
      for removal in diff.removals {
        block += "\(CopyLine.escaped(removal.ban))\t\(removal.reason)\t\(removal.isRepair ? "t" : "f")\n"
        if block.utf8.count > 1 << 16 {
          try Array(block.utf8).withUnsafeBytes { try sink.write($0) }
          block = ""
        }
      }
      try Array(block.utf8).withUnsafeBytes { try sink.write($0) }
    }
    guard staged == diff.removals.count else {
      throw Failure(
        .configuration,
        "\(session.place): incoming_removal has only \(staged) of \(diff.removals.count) rows; nothing was published",
        hint: "a trigger or rule on incoming_removal suppresses rows: correct or disable it")
    }
    try session.execute("ANALYZE incoming_removal")
  }

  private func markRepairs(_ session: inout Connection) throws {
    guard !diff.repairs.isEmpty else { return }
    try session.execute(
      "UPDATE incoming_registration SET is_repair = true WHERE ban = ANY ($1)",
      [PostgresArray.of(bans: diff.repairs)])
  }

  private func keepCreationTimes(_ session: inout Connection) throws {
    if !diff.removals.isEmpty { try session.execute(String(sql: PackageResources.remember_removed_sql)) }
    guard settings.action == .rollback else { return }
    try session.execute(String(sql: PackageResources.forget_undone_sql), ["\(snapshot.id)"])
  }

  /// Deletes the industries of removed businesses. The foreign key's cascade would not count them.
  private func removeIndustries(_ session: inout Connection) throws -> Int {
    guard !diff.removals.isEmpty else { return 0 }
    return try session.execute(
      "DELETE FROM business_industry i USING incoming_removal g WHERE i.business_id = g.ban"
    ).affected
  }

  private func reopenCorrections(_ session: inout Connection) throws {
    let bans = corrections.reopened.sorted()
    guard !bans.isEmpty else { return }
    try CorrectionTable.reopen(bans, &session)
    let shown = bans.prefix(10).map(BANText.text).joined(separator: " ") + (bans.count > 10 ? " …" : "")
    settings.events(.note("\(bans.count) corrections that later loads had ended are in force again: \(shown)"))
  }

  /// Removes industries of businesses that do not exist. The foreign key prevents them, unless somebody switched it off.
  private func removeOrphans(_ session: inout Connection) throws -> Int {
    let count = try session.execute(
      "DELETE FROM business_industry i WHERE NOT EXISTS (SELECT FROM tax_registration r WHERE r.ban = i.business_id)"
    ).affected
    let remain = try session.bool(
      "SELECT EXISTS (SELECT FROM business_industry i WHERE NOT EXISTS (SELECT FROM tax_registration r WHERE r.ban = i.business_id))"
    )
    if remain { throw Failure(suppressedRowsOf: "business_industry", session) }
    if count > 0 { settings.events(.note("\(count) industries of businesses that do not exist were removed")) }
    return count
  }

  private func remove(_ session: inout Connection) throws -> Int {
    guard !diff.removals.isEmpty else { return 0 }
    return try session.execute("DELETE FROM tax_registration r USING incoming_removal g WHERE r.ban = g.ban").affected
  }

  private func update(_ session: inout Connection) throws -> Int {
    let changes = RegistryTable.registration.copied.filter { $0 != "ban" }.map { "\($0) = n.\($0)" }
    return try session.execute(
      String(sql: PackageResources.update_registrations_sql, ["changes": changes.joined(separator: ", ")]),
      [snapshot.transform.sourceDate]
    ).affected
  }

  private func insert(_ session: inout Connection) throws -> Int {
    let table = RegistryTable.registration
    return try session.execute(
      String(
        sql: PackageResources.insert_registrations_sql,
        ["columns": table.copyList, "values": table.copied.map { "n.\($0)" }.joined(separator: ", ")]),
      [snapshot.transform.sourceDate]
    ).affected
  }

  /// Writes the industries that differ.
  ///
  /// - Returns: by how many rows the table has grown.
  private func changeIndustries(_ session: inout Connection) throws -> Int {
    let removed = try session.execute(String(sql: PackageResources.delete_industries_sql)).affected
    let differing = try session.int(String(sql: PackageResources.count_changed_industries_sql))
    let updated = try session.execute(String(sql: PackageResources.update_industries_sql)).affected
    guard updated == differing else { throw Failure(suppressedRowsOf: "business_industry", session) }
    let inserted = try session.execute(String(sql: PackageResources.insert_industries_sql)).affected
    return inserted - removed
  }
}
