import Failures
import LoadStage
import Postgres
import TestCluster
import Testing

/// What users hang on the tables must not make a load say what is not so, and what somebody plants beside them is not run.
@Suite("Interference", .needsServer)
struct InterferenceTests {
  @Test(
    "rows that a trigger or rule keeps back are noticed, and nothing is published",
    arguments: [
      "CREATE TRIGGER t BEFORE INSERT ON tax_registration FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE TRIGGER t BEFORE DELETE ON tax_registration FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE TRIGGER t BEFORE INSERT ON business_industry FOR EACH ROW EXECUTE FUNCTION swallow()",
      "CREATE RULE r AS ON UPDATE TO tax_registration DO INSTEAD NOTHING",
    ])
  func swallowed(_ obstacle: String) throws {
    try LoadHarness.with { harness in
      let first = businesses(30)
      try harness.load(first)
      try harness.database.execute(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \(obstacle)")
      var second = first.filter { $0.ban != "10000007" } + [Business("20000000", "new")]
      second[3].name = "changed"
      let next = try harness.spool.snapshot(second)
      let failure = try harness.failure(next)
      #expect(failure.verdict == .configuration, "\(failure)")
      #expect(failure.hints.contains { $0.contains("trigger or rule of yours") }, "\(failure)")
      try harness.expect(first)
      try harness.database.execute(
        "DROP TRIGGER IF EXISTS t ON tax_registration; DROP TRIGGER IF EXISTS t ON business_industry; DROP RULE IF EXISTS r ON tax_registration"
      )
      try harness.load(next)
      try harness.expect(second)
    }
  }

  @Test("functions of the server's names in the schema are not run")
  func planted() throws {
    try LoadHarness.with { harness in
      let planted = [
        "quote_ident(name)", "format(text, text)", "format(text, name)", "obj_description(oid, text)",
        "left(name, integer)",
      ]
      let functions = planted.map {
        "CREATE FUNCTION \($0) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$"
      }
      try harness.database.execute(functions.joined(separator: "; "))
      let first = businesses(30)
      try harness.load(first)
      var second = first
      second[3].name = "changed"
      try harness.load(second)
      try harness.expect(second)
    }
  }

  @Test(
    "something else of a name that is needed is 78", arguments: ["TABLE business_industry_bulk (x integer)", "DOMAIN"])
  func taken(_ kind: String) throws {
    try LoadHarness.with { harness in
      try harness.database.execute(
        kind == "DOMAIN" ? "CREATE DOMAIN incoming_registration AS text" : "CREATE \(kind)")
      let snapshot = try harness.spool.snapshot(businesses(5))
      let failure = try harness.failure(snapshot)
      #expect(failure.verdict == .configuration, "\(failure)")
    }
  }
}
