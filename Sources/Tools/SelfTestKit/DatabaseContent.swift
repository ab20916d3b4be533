import Postgres
import Spool

/// The content of a schema in a form that can be compared: without times, and with snapshots and job runs numbered in
/// order. Failed job runs are left out.
struct DatabaseContent: Equatable {
  /// The tables that readers see.
  private(set) var registry: [String: [String]] = [:]
  /// The other tables and the catalog.
  private(set) var rest: [String: [String]] = [:]

  init(_ schema: ScratchSchema) throws {
    var session = try schema.open()
    for (name, sql) in Self.registryQueries { registry[name] = try Self.rows(&session, name, sql) }
    for (name, sql) in Self.otherQueries { rest[name, default: []] += try Self.rows(&session, name, sql) }
    for (name, sql) in Self.catalogQueries {
      rest[name] = try session.texts(sql).map { text in
        text.split(separator: " ").map { $0.replacing(schema.name, with: "SCHEMA") }.joined(separator: " ")
      }
    }
  }

  private static func rows(_ session: inout Connection, _ table: String, _ sql: String) throws -> [String] {
    guard try session.bool("SELECT to_regclass('\(table)') IS NOT NULL") else { return [] }
    return try session.texts(sql)
  }

  private static let registryQueries = [
    (
      "tax_registration",
      """
      SELECT to_jsonb(r) - '{created_at,updated_at}'::text[] || jsonb_build_object(
        'created', dense_rank() OVER (ORDER BY created_at), 'updated', dense_rank() OVER (ORDER BY updated_at))
      FROM tax_registration r ORDER BY ban
      """
    ),
    ("business_industry", "SELECT to_jsonb(i) FROM business_industry i ORDER BY business_id, industry_code"),
  ]

  /// Numbers the job runs that have published.
  private static let runs = "(SELECT job_run_id, row_number() OVER (ORDER BY id) AS n FROM publication)"

  private static let otherQueries = [
    (
      "publication",
      """
      SELECT to_jsonb(p) - '{id,job_run_id,published_at,as_of_date,feed_expired_at,checkpointed_at}'::text[]
        || jsonb_build_object('expired', to_jsonb(p) ->> 'feed_expired_at' IS NOT NULL,
          'checkpointed', to_jsonb(p) ->> 'checkpointed_at' IS NOT NULL,
          'snapshot', dense_rank() OVER (ORDER BY snapshot))
      FROM publication p ORDER BY id
      """
    ),
    (
      "registration_change",
      """
      SELECT to_jsonb(c) - 'job_run_id' || jsonb_build_object('run', n)
      FROM registration_change c LEFT JOIN \(runs) r USING (job_run_id) ORDER BY n, ban
      """
    ),
    (
      "registration_checkpoint",
      """
      SELECT to_jsonb(k) - 'job_run_id' || jsonb_build_object('run', n)
      FROM registration_checkpoint k LEFT JOIN \(runs) r USING (job_run_id) ORDER BY n, first_ban
      """
    ),
    ("industry", "SELECT to_jsonb(i) FROM industry i ORDER BY industry_code"),
    ("source_check", "SELECT jsonb_build_object('date', source_date) FROM source_check"),
    ("removed_registration", "SELECT to_jsonb(ban) FROM removed_registration ORDER BY ban"),
    (
      "registration_correction",
      """
      SELECT to_jsonb(c) - '{id,corrected_at,job_run_id,ended_at,ended_job_run_id}'::text[]
        || jsonb_build_object('run', r.n, 'ended', e.n)
      FROM registration_correction c LEFT JOIN \(runs) r ON r.job_run_id = c.job_run_id
        LEFT JOIN \(runs) e ON e.job_run_id = c.ended_job_run_id ORDER BY c.id
      """
    ),
    (
      "etl_job_run",
      """
      SELECT to_jsonb(j) - '{id,started_at,updated_at,completed_at,run_id}'::text[] FROM etl_job_run j
      WHERE status <> 'failed' ORDER BY id
      """
    ),
    (
      "import_progress",
      """
      SELECT to_jsonb(p) - '{job_run_id,updated_at}'::text[] FROM import_progress p JOIN \(runs) r USING (job_run_id)
      ORDER BY n
      """
    ),
    (
      "data_import_error",
      """
      SELECT to_jsonb(e) - '{id,job_run_id,created_at}'::text[] || jsonb_build_object('run', n)
      FROM data_import_error e JOIN \(runs) r USING (job_run_id)
      ORDER BY n, batch_number, severity, error_type, raw_data
      """
    ),
    (
      // No run has a finding twice, including failed runs.
      "data_import_error",
      """
      SELECT to_jsonb(job_run_id) FROM data_import_error GROUP BY job_run_id, batch_number, error_type, raw_data
      HAVING count(*) > 1
      """
    ),
    ("current_load", "SELECT to_jsonb(l) - '{fence,job_run_id,updated_at}'::text[] FROM current_load l"),
    ("load_batch", "SELECT to_jsonb(b) - '{job_run_id,loaded_at}'::text[] FROM load_batch b ORDER BY batch_number"),
    ("incoming_registration", "SELECT to_jsonb(ban) FROM incoming_registration ORDER BY ban"),
    ("incoming_industry", "SELECT to_jsonb(business_id) FROM incoming_industry ORDER BY business_id, industry_code"),
    ("incoming_removal", "SELECT to_jsonb(ban) FROM incoming_removal ORDER BY ban"),
    ("schema_migration", "SELECT to_jsonb(m) - 'applied_at' FROM schema_migration m ORDER BY version"),
  ]

  private static let here = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"

  /// Tables, columns, indexes, constraints, comments and rights.
  private static let catalogQueries = [
    (
      "tables",
      """
      SELECT format('%s %s %s %s', c.relname, c.relkind, obj_description(c.oid, 'pg_class'),
        (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(c.relacl) a))
      FROM pg_class c WHERE c.relnamespace = \(here) AND c.relkind <> 'i' ORDER BY c.relname
      """
    ),
    (
      "columns",
      """
      SELECT format('%s.%s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        CASE WHEN a.atthasdef THEN pg_get_expr(d.adbin, d.adrelid) END, col_description(c.oid, a.attnum))
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE c.relnamespace = \(here) AND c.relkind IN ('r', 'v') ORDER BY c.relname, a.attnum
      """
    ),
    ("indexes", "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY indexname"),
    (
      "constraints",
      """
      SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
      WHERE connamespace = \(here) ORDER BY conrelid::regclass::text, conname
      """
    ),
  ]

  /// Returns up to five differences as messages.
  func differences(from expected: DatabaseContent) -> [String] {
    let (own, other) = (registry.merging(rest) { $1 }, expected.registry.merging(expected.rest) { $1 })
    return own.keys.sorted().filter { own[$0] != other[$0] }.prefix(5).map { name in
      let (rows, wanted) = (own[name] ?? [], other[name] ?? [])
      let extra = rows.filter { !wanted.contains($0) }.first.map { ", for instance \($0.prefix(200))" } ?? ""
      let missing = wanted.filter { !rows.contains($0) }.first.map { ", without \($0.prefix(200))" } ?? ""
      return "database: \(name) has \(rows.count) rows instead of \(wanted.count)\(extra)\(missing)"
    }
  }
}
