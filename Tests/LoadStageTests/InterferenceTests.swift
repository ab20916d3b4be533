import LoadStage
import Postgres
import Support
import TestCluster
import Testing

/// Triggers and rules of users must not make a load report a wrong result, and planted functions and operators must not run.
@Suite("Interference", .needsServer)
struct InterferenceTests {
  @Test(
    "rows that a trigger or rule suppresses are noticed, and nothing is published",
    arguments: [
      "CREATE TRIGGER t BEFORE INSERT ON tax_registration FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE TRIGGER t BEFORE DELETE ON tax_registration FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE TRIGGER t BEFORE INSERT ON business_industry FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE TRIGGER t BEFORE INSERT ON registration_change FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE TRIGGER t BEFORE INSERT ON incoming_removal FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE TRIGGER t BEFORE DELETE ON business_industry FOR EACH ROW EXECUTE FUNCTION keep()",
      "CREATE TRIGGER t BEFORE UPDATE ON business_industry FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE TRIGGER t BEFORE DELETE ON incoming_registration FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE RULE r AS ON UPDATE TO tax_registration DO INSTEAD NOTHING",
      "CREATE RULE r AS ON INSERT TO registration_change DO INSTEAD NOTHING",
      """
      CREATE TABLE archive (LIKE registration_change);
      CREATE RULE r AS ON INSERT TO registration_change DO INSTEAD INSERT INTO archive VALUES (NEW.*)
      """,
    ])
  func swallowed(_ obstacle: String) throws {
    try LoadHarness.with { harness in
      let first = businesses(30)
      try harness.load(first)
      // In a DELETE, NEW is NULL.
      try harness.database.execute(
        """
        CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \(obstacle)
        """)
      var second = first.filter { $0.ban != "10000007" } + [Business("20000000", "new")]
      second[3].name = "changed"
      second[4].industryNames["471913"] = "renamed"
      let next = try harness.spool.snapshot(second)
      let failure = try harness.failure(next)
      #expect(failure.category == .configuration, "\(failure)")
      #expect(
        failure.hints.contains { $0.description.contains("suppresses rows") || $0.description.contains("RETURN NEW") },
        "\(failure)")
      let names = try harness.database.rows("SELECT ban, business_name FROM tax_registration ORDER BY ban")
      #expect(names == first.map { "\($0.ban)|\($0.name)" }.sorted())
      try harness.database.execute(
        """
        DROP TRIGGER IF EXISTS t ON tax_registration; DROP TRIGGER IF EXISTS t ON business_industry;
        DROP TRIGGER IF EXISTS t ON registration_change; DROP TRIGGER IF EXISTS t ON incoming_removal;
        DROP TRIGGER IF EXISTS t ON incoming_registration;
        DROP RULE IF EXISTS r ON tax_registration; DROP RULE IF EXISTS r ON registration_change
        """)
      try harness.load(next)
      try harness.expect(second)
    }
  }

  /// Adds functions to the schema that fail, and that fit better than the server's own which take several types: one of
  /// each name for each type and some pairs of types.
  private static let planting = #"""
    DO $$
    DECLARE
      types text[] := '{text,name,varchar,bpchar,"\"char\"",int2,int4,int8,oid,regclass,bool,date,timestamptz,interval,numeric,json,jsonb,text[],name[],int4[],int8[],date[],aclitem[]}';
      few text[] := '{text,name,int4,jsonb,text[]}';
      name text; a text; b text;
    BEGIN
      FOR name IN
        SELECT DISTINCT pg_catalog.quote_ident(p.proname) FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND p.prokind <> 'p' AND EXISTS (
          SELECT FROM pg_catalog.pg_type t WHERE t.oid = ANY (p.proargtypes) AND (t.typtype = 'p' OR t.typname = 'name'))
      LOOP
        FOREACH a IN ARRAY types LOOP
          EXECUTE pg_catalog.format('CREATE FUNCTION %s(%s) RETURNS text LANGUAGE plpgsql AS %L', name, a,
            $body$BEGIN RAISE EXCEPTION 'planted'; END$body$);
        END LOOP;
        FOREACH a IN ARRAY few LOOP FOREACH b IN ARRAY few LOOP
          EXECUTE pg_catalog.format('CREATE FUNCTION %s(%s, %s) RETURNS text LANGUAGE plpgsql AS %L', name, a, b,
            $body$BEGIN RAISE EXCEPTION 'planted'; END$body$);
        END LOOP; END LOOP;
      END LOOP;
    END $$
    """#

  @Test("functions in the schema that are named like the server's are not run")
  func plantedFunctions() throws {
    try LoadHarness.withDatabase { harness in
      try harness.makeTables()
      try harness.database.execute(Self.planting)
      let first = businesses(30)
      try harness.load(first)
      var second = first.filter { $0.ban != "10000007" } + [Business("20000000", "new")]
      second[3].name = "changed"
      second[4].industryNames["471913"] = "renamed"
      let days = try [second, first].map { try harness.spool.snapshot($0) }
      _ = try harness.check(days[0])
      try harness.load(days[0])
      try harness.expect(second)
      try harness.load(days[1]) { $0.limits.rebuildShareMin = 0 }
      try harness.load(days[0]) { $0.action = .rollback }
      try harness.expect(second)
    }
  }

  @Test(
    "an error in a function of the user is the database's configuration: 78",
    arguments: ["PERFORM 1 / 0", "INSERT INTO nowhere VALUES (1)", "PERFORM pg_notify('c', repeat('a', 9000))"])
  func failingTrigger(_ statement: String) throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(5))
      try harness.database.execute(
        """
        CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \(statement); RETURN NEW; END $$;
        CREATE TRIGGER t BEFORE INSERT ON tax_registration FOR EACH ROW EXECUTE FUNCTION watch()
        """)
      let failure = try harness.failure(try harness.spool.snapshot(businesses(6)))
      #expect(failure.category == .configuration && failure.message.contains("function"), "\(failure)")
      #expect(failure.message.contains("watch()"), "\(failure)")
      #expect(failure.hints.contains { $0.description.contains("trigger") }, "\(failure)")
    }
  }

  @Test("an operator that another user created in the schema: 78")
  func plantedOperator() throws {
    try LoadHarness.with { harness in
      let (schema, user) = (harness.database.name, "u" + harness.database.name)
      try harness.load(businesses(5))
      try harness.database.execute(
        """
        CREATE ROLE \(user); GRANT CREATE, USAGE ON SCHEMA \(schema) TO \(user); SET ROLE \(user);
        CREATE FUNCTION planted(text, text[]) RETURNS boolean LANGUAGE sql RETURN true;
        CREATE OPERATOR ~ (LEFTARG = text, RIGHTARG = text[], FUNCTION = planted); RESET ROLE
        """)
      defer { _ = try? harness.database.execute("DROP OWNED BY \(user) CASCADE; DROP ROLE \(user)") }
      let failure = try harness.failure(try harness.spool.snapshot(businesses(6)))
      #expect(failure.category == .configuration, "\(failure)")
      #expect(failure.message.contains("operator ~(text,text[]) of user \(user)"), "\(failure)")
      // One of its own is the owner's business.
      try harness.database.execute("ALTER OPERATOR ~ (text, text[]) OWNER TO CURRENT_USER")
      try harness.load(try harness.spool.snapshot(businesses(7)))
      try harness.expect(businesses(7))
    }
  }

  @Test(
    "another object with a name that load needs: 78", arguments: ["TABLE business_industry_bulk (x integer)", "DOMAIN"])
  func taken(_ kind: String) throws {
    try LoadHarness.with { harness in
      try harness.database.execute(
        kind == "DOMAIN" ? "CREATE DOMAIN incoming_registration AS text" : "CREATE \(kind)")
      let snapshot = try harness.spool.snapshot(businesses(5))
      let failure = try harness.failure(snapshot)
      #expect(failure.category == .configuration, "\(failure)")
    }
  }
}
