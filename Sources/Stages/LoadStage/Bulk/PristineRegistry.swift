import Postgres

/// Whether the registry's tables can be replaced by others without anybody noticing: empty, ours, and with nothing
/// hanging on them but what our migrations made. Indexes may be added: they are rebuilt.
enum PristineRegistry {
  /// - Returns: what speaks against it, nil where nothing does.
  static func obstacle(_ session: inout Connection) throws -> String? {
    for (sql, reason) in [
      (mayNotReplace, "the role does not own them, or may not create tables"),
      (isAltered, "their definition was altered"),
      (hasRows, "they have rows"),
    ] {
      if try session.execute(sql).truth { return reason }
    }
    return try session.execute(dependants).scalar.map { "something hangs on them: \($0)" }
  }

  static func isEmpty(_ session: inout Connection) throws -> Bool { try !session.execute(hasRows).truth }

  private static let pair = "('tax_registration'::regclass, 'business_industry'::regclass)"

  private static let hasRows = """
    SELECT EXISTS (SELECT FROM tax_registration) OR EXISTS (SELECT FROM business_industry)
    """

  private static let mayNotReplace = """
    SELECT NOT pg_catalog.has_schema_privilege(pg_catalog.current_schema(), 'CREATE') OR EXISTS (
      SELECT FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE c.oid IN \(pair) AND r.rolname <> current_user)
    """

  /// Kinds of change that would be lost with the tables. Storage parameters, defaults, grants and comments are carried
  /// over. Of the columns' options, only those that `ALTER TABLE` can set count: PostgreSQL 15.20 marks every column with
  /// one of its own.
  private static let isAltered = """
    SELECT EXISTS (
      SELECT FROM pg_class c WHERE c.oid IN \(pair)
        AND (c.relkind <> 'r' OR c.relpersistence <> 'p' OR c.relrowsecurity OR c.relforcerowsecurity
          OR c.relispartition OR c.reltablespace <> 0 OR c.relreplident <> 'd' OR c.reloftype <> 0)
    ) OR EXISTS (
      SELECT FROM pg_attribute a WHERE a.attrelid IN \(pair) AND a.attnum > 0
        AND (a.attisdropped OR a.attacl IS NOT NULL OR coalesce(a.attstattarget, -1) <> -1
          OR EXISTS (
            SELECT FROM unnest(a.attoptions) o WHERE split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited')))
    ) OR EXISTS (
      SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid IN \(pair)
        AND (i.indisclustered OR i.indisreplident OR NOT i.indisvalid OR x.reltablespace <> 0)
    ) OR EXISTS (
      SELECT FROM pg_seclabel l WHERE l.classoid = 'pg_class'::regclass AND l.objoid IN \(pair)
    ) OR ARRAY[\(columns(.registration))] <> \(actualColumns(.registration))
      OR ARRAY[\(columns(.industry))] <> \(actualColumns(.industry))
    """

  private static func columns(_ table: RegistryTable) -> String {
    table.columns.map { "'\($0.filter { $0 != "\"" })'" }.joined(separator: ", ")
  }

  private static func actualColumns(_ table: RegistryTable) -> String {
    """
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = '\(table.name)'::regclass AND a.attnum > 0)
    """
  }

  /// Everything in the catalog that depends on the tables or their row types, less their own parts.
  private static let dependants = """
    WITH pair AS (
      SELECT c.oid, c.reltoastrelid, t.oid AS row_type, t.typarray FROM pg_class c JOIN pg_type t ON t.typrelid = c.oid
      WHERE c.oid IN \(pair)
    ), own (class, object) AS (
      SELECT 'pg_class'::regclass, oid FROM pair
      UNION ALL SELECT 'pg_class'::regclass, reltoastrelid FROM pair
      UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i JOIN pair ON i.indrelid = pair.oid
      UNION ALL SELECT 'pg_type'::regclass, row_type FROM pair
      UNION ALL SELECT 'pg_type'::regclass, typarray FROM pair
      UNION ALL SELECT 'pg_attrdef'::regclass, d.oid FROM pg_attrdef d JOIN pair ON d.adrelid = pair.oid
      UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k JOIN pair ON k.conrelid = pair.oid
        WHERE k.contype = 'n'
          OR k.conname IN (\(RegistryTable.both.flatMap(\.constraints).map { "'\($0)'" }.joined(separator: ", ")))
      UNION ALL SELECT 'pg_trigger'::regclass, g.oid FROM pg_trigger g
        JOIN pg_constraint k ON k.oid = g.tgconstraint AND k.conname = '\(RegistryTable.foreignKey)'
        WHERE g.tgisinternal AND g.tgrelid IN \(pair)
    )
    SELECT string_agg(DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), ', ')
    FROM pg_depend d JOIN pair ON (d.refclassid = 'pg_class'::regclass AND d.refobjid = pair.oid)
      OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (pair.row_type, pair.typarray))
    WHERE NOT EXISTS (SELECT FROM own WHERE own.class = d.classid AND own.object = d.objid)
    """
}
