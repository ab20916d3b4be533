import LoadStage
import Records
import TestCluster
import Testing

@Suite("The schema", .needsServer)
struct SchemaTests {
  @Test("every table and column has a comment and one of the allowed types")
  func comments() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(1))
      let columns = try harness.database.execute(
        """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation::text,
          col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relkind IN ('r', 'v') AND c.relnamespace = current_schema()::regnamespace
        """)
      let types: Set = [
        "text", "bigint", "integer", "smallint", "date", "boolean", "timestamp with time zone", "jsonb", "text[]",
        "registration_state[]",
      ]
      for row in columns.values {
        #expect(row[4] != nil && row[5] != nil, "\(row)")
        #expect(types.contains(row[2] ?? ""), "\(row)")
        if row[2] == "text" { #expect(row[3] == "\"C\"", "\(row)") }
      }
      #expect(Set(columns.values.map { $0[0] ?? "" }) == Set(Migration.tables + AnalysisObjects.views))
      let functions = try harness.database.rows(
        """
        SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
          AND obj_description(oid, 'pg_proc') IS NULL
        """)
      #expect(functions == [], "functions without a comment")
      let keyed = try harness.database.rows(
        "SELECT conrelid::regclass FROM pg_constraint WHERE contype = 'p' AND connamespace = current_schema()::regnamespace"
      )
      #expect(Set(keyed) == Set(Migration.tables))
    }
  }

  @Test("the tables and functions have exactly the declared columns")
  func declaredColumns() throws {
    let declared = StoredColumn.all.map { column in
      switch column.form {
      case .text: "\(column.name) text"
      case .amount: "\(column.name) bigint"
      case .date: "\(column.name) date"
      case .flag: "\(column.name) boolean"
      }
    }
    try LoadHarness.with { harness in
      try harness.load(businesses(1))
      func columns(_ table: String) throws -> Set<String> {
        Set(
          try harness.database.rows(
            """
            SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
            WHERE attrelid = '\(table)'::regclass AND attnum > 0 AND NOT attisdropped
            """))
      }
      let own = ["content_hash bigint"]
      let times = ["created_at", "updated_at"].map { "\($0) timestamp with time zone" } + ["data_source_date date"]
      #expect(try columns("tax_registration") == Set(declared + own + times))
      #expect(try columns("incoming_registration") == Set(declared + own + ["is_repair boolean"]))
      let groups = ["city text", "district text"]
      #expect(try columns("registration_state") == Set(declared + groups + ["industries jsonb"]))
      let asOf = try harness.database.scalar("SELECT pg_get_function_result('registry_as_of(date)'::regprocedure)")
      #expect(asOf == "SETOF registration_state")
      #expect(try columns("business").isSuperset(of: declared.filter { !$0.hasPrefix("business_setup_date") } + groups))
      let pairs = (declared + groups + ["industries jsonb"]).filter { !$0.hasPrefix("ban ") }.flatMap { column in
        ["before", "after"].map { column.replacing(" ", with: "_\($0) ", maxReplacements: 1) }
      }
      #expect(try columns("registration_change_flat").isSuperset(of: pairs))
      let image = try harness.database.rows("SELECT jsonb_object_keys(after) FROM registry_history('10000000')")
      #expect(Set(image) == Set(StoredColumn.all.map(\.name) + ["industries"]))
    }
  }

  @Test("migrations are numbered without a gap, and applied once")
  func migrations() throws {
    #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
    try LoadHarness.with { harness in
      var session = try harness.database.open()
      try Migrator.migrate(&session, events: harness.log.add)
      try Migrator.migrate(&session, events: harness.log.add)
      #expect(harness.log.notes.count == Migration.all.count)
      let later = Migration(
        version: Migration.all.count + 1, name: "later", sql: Array("CREATE TABLE later (x int); SELECT 1/0".utf8))
      #expect(throws: (any Error).self) {
        try Migrator.migrate(&session, Migration.all + [later], events: harness.log.add)
      }
      #expect(try harness.database.scalar("SELECT to_regclass('later')") == nil)
    }
  }

  @Test("a database in another encoding than UTF8 is refused before the tables are created", .needsOwnServer)
  func otherEncoding() throws {
    for encoding in ["SQL_ASCII", "LATIN1", "EUC_TW"] {
      try LoadHarness.withDatabase(encoding: encoding) { harness in
        let failure = try harness.failure(try harness.spool.snapshot(businesses(3)))
        #expect(failure.category == .configuration && failure.message.contains(encoding), "\(failure)")
        #expect(failure.hints.first?.description.contains("ENCODING 'UTF8'") == true, "\(failure)")
        #expect(try harness.database.scalar("SELECT to_regclass('schema_migration')") == nil)
      }
    }
  }

  @Test("status describes the database before and after a load, and one that does not answer")
  func status() throws {
    try LoadHarness.with { harness in
      let empty = try DatabaseStatus.query(harness.database.url, stop: {})
      #expect(empty.reachable)
      #expect(empty.schemaVersion == nil)
      try harness.load(businesses(25))
      let status = try DatabaseStatus.query(harness.database.url, stop: {})
      #expect(status.registry == RegistryState(registrations: 25, industries: 50))
      #expect(status.lastPublication?.changes.inserted == 25)
      #expect(status.lastPublication?.kind == .initial)
      #expect(status.lastJobRun?.status == "success")
      #expect(status.lastJobRun?.lastSuccessfulBatch == 3)
      #expect(status.lastJobRun?.silentSeconds == nil, "it ended")
      try harness.database.execute(
        "UPDATE etl_job_run SET status = 'running', updated_at = now() - interval '300 seconds'")
      let silent = try DatabaseStatus.query(harness.database.url, stop: {}).lastJobRun?.silentSeconds ?? 0
      #expect(silent >= 300)
      let gone = try DatabaseStatus.query("postgresql://u:geheim@127.0.0.1:1/x", stop: {})
      #expect(!gone.reachable)
      #expect(gone.problem?.contains("127.0.0.1") == true)
      #expect(gone.problem?.contains("geheim") == false)
    }
  }
}
