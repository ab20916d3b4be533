import Postgres

/// Checks whether the registry's tables can be replaced: the role owns them, they have no rows to keep, and only what
/// the migrations made depends on them. Added indexes are no obstacle: they are rebuilt.
enum ReplacementCheck {
  /// - Parameter mayHaveRows: whether the tables may have rows.
  /// - Returns: the obstacle; nil if the tables can be replaced.
  static func obstacle(_ session: inout Connection, mayHaveRows: Bool) throws -> String? {
    let isAltered = try String(
      sql: PackageResources.are_tables_altered_sql,
      [
        "registration_columns": literals(RegistryTable.registration.columns),
        "industry_columns": literals(RegistryTable.industry.columns),
      ])
    for (sql, reason) in [
      (mayNotReplace, "the role does not own them, or may not create tables"),
      (isAltered, "their definition was altered"),
      (hasOtherGrantor, "a role other than their owner granted rights on them"),
      (isReplicated, "a publication of the server replicates them, and a subscriber would not get the new ones"),
    ] {
      if try session.bool(sql) { return reason }
    }
    if mayHaveRows, try session.bool(hasStandbyReaders) {
      return
        "a standby sends the age of its oldest query (hot_standby_feedback): that query would find the new tables empty"
    }
    if !mayHaveRows, try session.bool(hasRows) { return "they have rows" }
    if let refusal = try refusalOfEventTrigger(&session) { return "an event trigger refuses that: \(refusal)" }
    let dependants = try String(
      sql: PackageResources.list_dependants_sql,
      [
        "constraints": literals(RegistryTable.both.flatMap(\.constraints)), "foreign_key": RegistryTable.foreignKey,
      ])
    return try session.optionalText(dependants).map { "other objects depend on them: \($0)" }
  }

  /// Creates, alters and drops a table, if the database has event triggers, and undoes all of that.
  ///
  /// - Returns: the message with which a trigger refuses; nil if none does.
  private static func refusalOfEventTrigger(_ session: inout Connection) throws -> String? {
    guard try session.bool("SELECT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtenabled IN ('O', 'A'))")
    else { return nil }
    let hadFaultPoints = session.hasFaultPoints
    session.hasFaultPoints = false
    defer { session.hasFaultPoints = hadFaultPoints }
    return try session.inTransaction { session in
      try session.execute(String(sql: PackageResources.try_replacement_sql))
      return try session.optionalText("SELECT nullif(pg_catalog.current_setting('registry.refusal', true), '')")
    }
  }

  static func isEmpty(_ session: inout Connection) throws -> Bool { try !session.bool(hasRows) }

  private static let hasRows = """
    SELECT EXISTS (SELECT FROM tax_registration) OR EXISTS (SELECT FROM business_industry)
    """

  /// Includes publications of all tables, or of all in the schema: the dependencies of the tables do not show those.
  private static let isReplicated = """
    SELECT EXISTS (
      SELECT FROM pg_catalog.pg_publication_tables
      WHERE schemaname = pg_catalog.current_schema() AND tablename IN ('tax_registration', 'business_industry'))
    """

  /// Whether a standby keeps the rows that its queries read: then the server does not cancel those queries, and they would
  /// read the new tables with their old snapshots. A role without pg_monitor does not see `state` and `backend_xmin`; for
  /// it, every standby counts.
  private static let hasStandbyReaders = """
    SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_replication WHERE backend_xmin IS NOT NULL OR state IS NULL)
      OR EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE slot_type = 'physical' AND xmin IS NOT NULL)
    """

  private static let mayNotReplace = """
    SELECT NOT pg_catalog.has_schema_privilege(pg_catalog.current_schema(), 'CREATE') OR EXISTS (
      SELECT FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
      WHERE c.oid IN ('tax_registration'::regclass, 'business_industry'::regclass) AND r.rolname <> current_user)
    """

  /// The owner would be the grantor of the new tables' rights, so a REVOKE by the former grantor would not remove them.
  private static let hasOtherGrantor = """
    SELECT EXISTS (
      SELECT FROM pg_class c, pg_catalog.aclexplode(c.relacl) a
      WHERE c.oid IN ('tax_registration'::regclass, 'business_industry'::regclass) AND a.grantor <> c.relowner)
    """

  /// Returns the names as literals, without the double quotes of identifiers.
  private static func literals(_ names: [String]) -> String {
    names.map { "'\($0.filter { $0 != "\"" })'" }.joined(separator: ", ")
  }
}
