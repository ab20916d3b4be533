import ConsoleStore
import Postgres
import Support
import TestCluster
import Testing

@Suite("Accounts and sessions", .enabled(if: TestCluster.isOwn, "needs its own PostgreSQL server"))
struct AccountTests {
  @Test("the schema is created once, even if several consoles start at once")
  func install() throws {
    try ConsoleStoreHarness.with(install: false) { database, _ in
      try Workers.run(4) { (_: Int) throws(any Error) in
        var connection = try database.open()
        try ConsoleSchema.install(on: &connection)
      }
      var connection = try database.open()
      let found1 = try Accounts.count(on: &connection)
      #expect(found1 == 0, "there is no default account")
      let bare = try connection.execute(
        """
        SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'console'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
          AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)
        """
      ).number
      #expect(bare == 0, "every table and column has a comment")
      try connection.execute("COMMENT ON SCHEMA console IS 'business-registry console, version 999'")
      #expect(throws: ConsoleStoreError.newerSchema(found: 999, known: ConsoleSchema.version)) {
        try ConsoleSchema.install(on: &connection)
      }
      try connection.execute("COMMENT ON SCHEMA console IS 'owned by team 7'")
      #expect(throws: ConsoleStoreError.foreignSchema) { try ConsoleSchema.install(on: &connection) }
    }
  }

  @Test("a console belongs to the registry of one schema")
  func claim() throws {
    try ConsoleStoreHarness.with { database, connection in
      try RegistryClaim.take(on: &connection)
      let none = try connection.execute("SELECT count(*) FROM console.registry").number
      #expect(none == 0, "there is no registry yet")
      let schema = try #require(try connection.execute("SELECT current_schema()").scalar)
      let other = schema + "_other"
      try connection.execute(
        "CREATE TABLE publication (); CREATE SCHEMA \(other); CREATE TABLE \(other).publication ()")
      for _ in 1...2 { try RegistryClaim.take(on: &connection) }
      try connection.execute("SET search_path = console, \(other), \(schema)")
      #expect(throws: ConsoleStoreError.otherRegistry(recorded: schema, found: other)) {
        try RegistryClaim.take(on: &connection)
      }
    }
  }

  @Test("a schema of version 1 is upgraded and keeps its rows")
  func upgrade() throws {
    try ConsoleStoreHarness.with(install: false) { database, connection in
      try connection.execute("CREATE SCHEMA console")
      try connection.execute(String(decoding: ConsoleSchema.steps[0], as: UTF8.self))
      try connection.execute("COMMENT ON SCHEMA console IS 'business-registry console, version 1'")
      try Accounts.add("ann", role: nil, password: ConsoleStoreHarness.password, on: &connection)
      try connection.execute(
        """
        INSERT INTO console.session (token_hash, account, kind, form_token, expires_at)
        VALUES ('\(String(repeating: "a", count: 64))', 'ann', 'api', 'x', now() + interval '1 day')
        """)
      try Workers.run(4) { (_: Int) throws(any Error) in
        var connection = try database.open()
        try ConsoleSchema.install(on: &connection)
      }
      let tokens = try Sessions.tokens(of: "ann", on: &connection)
      #expect(tokens.map(\.id) == ["aaaaaaaaaaaa"])
      #expect(tokens.first?.lastUsedAt == nil)
    }
  }

  @Test("a login that owns only an empty schema 'console' can create the tables")
  func ownSchema() throws {
    try ConsoleStoreHarness.with(install: false) { database, connection in
      let role = try connection.execute("SELECT current_database()").scalar ?? ""
      try connection.execute("CREATE ROLE \(role) LOGIN; CREATE SCHEMA console AUTHORIZATION \(role)")
      defer { _ = try? connection.execute("DROP SCHEMA console CASCADE; DROP ROLE \(role)") }
      try connection.execute("SET ROLE \(role)")
      try ConsoleSchema.install(on: &connection)
      try connection.execute("RESET ROLE")
      let found = try Accounts.count(on: &connection)
      #expect(found == 0)
    }
  }

  @Test("the first account is an operator, and later ones are viewers by default")
  func roles() throws {
    try ConsoleStoreHarness.with { _, connection in
      let found2 = try Accounts.add("ann", role: nil, password: ConsoleStoreHarness.password, on: &connection)
      #expect(found2 == .operator)
      let found3 = try Accounts.add("bob", role: nil, password: ConsoleStoreHarness.password, on: &connection)
      #expect(found3 == .viewer)
      let found4 = try Accounts.add("cy", role: .operator, password: ConsoleStoreHarness.password, on: &connection)
      #expect(found4 == .operator)
      #expect(throws: ConsoleStoreError.accountExists("ann")) {
        try Accounts.add("ann", role: nil, password: ConsoleStoreHarness.password, on: &connection)
      }
      for name in ["", "-x", "a b", "名字", "a\0b", String(repeating: "a", count: 65)] {
        #expect(throws: ConsoleStoreError.badName(name)) {
          try Accounts.add(name, role: nil, password: ConsoleStoreHarness.password, on: &connection)
        }
      }
      let found5 = try Accounts.check("ann", ConsoleStoreHarness.password, on: &connection)
      #expect(found5?.role == .operator)
      let found6 = try Accounts.check("ann", "correct horsf", on: &connection)
      #expect(found6 == nil)
      let found7 = try Accounts.check("nobody", ConsoleStoreHarness.password, on: &connection)
      #expect(found7 == nil)
      let found8 = try Accounts.check("ann' OR true --", ConsoleStoreHarness.password, on: &connection)
      #expect(found8 == nil)
    }
  }

  @Test("a session is found only by its token, and the database does not contain the token")
  func sessions() throws {
    try ConsoleStoreHarness.with { _, connection in
      try Accounts.add("ann", role: nil, password: ConsoleStoreHarness.password, on: &connection)
      let token = try Sessions.begin("ann", kind: .browser, on: &connection)
      let found = try Sessions.find(token, kind: .browser, on: &connection)
      #expect(found?.account == "ann")
      let found9 = try Sessions.find(token, kind: .api, on: &connection)
      #expect(found9 == nil, "a cookie is not an API token")
      let found10 = try Sessions.find(String(token.reversed()), kind: .browser, on: &connection)
      #expect(found10 == nil)
      let stored = try connection.execute("SELECT string_agg(s::text, ' ') FROM console.session s").scalar ?? ""
      #expect(!stored.contains(token))
      #expect(throws: ConsoleStoreError.noSuchAccount("bob")) {
        try Sessions.begin("bob", kind: .browser, on: &connection)
      }
      try connection.execute("UPDATE console.session SET expires_at = now() - interval '1 second'")
      let found11 = try Sessions.find(token, kind: .browser, on: &connection)
      #expect(found11 == nil, "the session has expired")
    }
  }

  @Test("tokens are listed and revoked one by one")
  func tokens() throws {
    try ConsoleStoreHarness.with { _, connection in
      for name in ["ann", "bob"] {
        try Accounts.add(name, role: nil, password: ConsoleStoreHarness.password, on: &connection)
      }
      let made = try ["ann", "ann", "bob"].map { try Sessions.begin($0, kind: .api, on: &connection) }
      let browser = try Sessions.begin("ann", kind: .browser, on: &connection)
      let ids = made.map(Sessions.id)
      let listed = try Sessions.tokens(of: nil, on: &connection)
      #expect(Set(listed.map(\.id)) == Set(ids))
      #expect(listed.allSatisfy { $0.lastUsedAt == nil })
      let found = try Sessions.find(made[0], kind: .api, on: &connection)
      #expect(found?.account == "ann")
      let used = try Sessions.tokens(of: "ann", on: &connection)
      #expect(Set(used.filter { $0.lastUsedAt != nil }.map(\.id)) == [ids[0]])
      let owner = try Sessions.revoke(ids[0], on: &connection)
      #expect(owner == "ann")
      for id in [ids[0], Sessions.id(of: browser), "", "%", String(ids[1].prefix(6))] {
        #expect(throws: ConsoleStoreError.noSuchToken(id)) { try Sessions.revoke(id, on: &connection) }
      }
      let ended = try Sessions.find(made[0], kind: .api, on: &connection)
      #expect(ended == nil)
      let others = try made.dropFirst().map { try Sessions.find($0, kind: .api, on: &connection)?.account }
      #expect(others == ["ann", "bob"])
      let still = try Sessions.find(browser, kind: .browser, on: &connection)
      #expect(still != nil)
    }
  }

  @Test("common passwords are rejected for new accounts and for new passwords")
  func commonPasswords() throws {
    try ConsoleStoreHarness.with { _, connection in
      try Accounts.add("margaret", role: nil, password: ConsoleStoreHarness.password, on: &connection)
      for password in ["Password123!", "margaret2026"] {
        #expect(throws: ConsoleStoreError.passwordTooCommon) {
          try Accounts.setPassword("margaret", password, on: &connection)
        }
      }
      #expect(throws: ConsoleStoreError.passwordTooCommon) {
        try Accounts.add("bob", role: nil, password: "1234567890", on: &connection)
      }
    }
  }

  @Test("logout ends one session; a new password or removal ends all")
  func endings() throws {
    try ConsoleStoreHarness.with { _, connection in
      try Accounts.add("ann", role: nil, password: ConsoleStoreHarness.password, on: &connection)
      for end in 0..<3 {
        let tokens = try (0..<2).map { _ in try Sessions.begin("ann", kind: .browser, on: &connection) }
        switch end {
        case 0: try Sessions.end(tokens[0], on: &connection)
        case 1: try Accounts.setPassword("ann", "another password", on: &connection)
        default: try Accounts.remove("ann", on: &connection)
        }
        let found12 = try Sessions.find(tokens[0], kind: .browser, on: &connection)
        #expect(found12 == nil)
        let found13 = try (Sessions.find(tokens[1], kind: .browser, on: &connection) != nil)
        #expect(found13 == (end == 0))
      }
      #expect(throws: ConsoleStoreError.noSuchAccount("ann")) { try Accounts.remove("ann", on: &connection) }
    }
  }

  @Test("no session begins if the password was changed after it was verified")
  func overtaken() throws {
    try ConsoleStoreHarness.with { _, connection in
      try Accounts.add("ann", role: nil, password: ConsoleStoreHarness.password, on: &connection)
      let checked = try #require(try Accounts.check("ann", ConsoleStoreHarness.password, on: &connection))
      try Accounts.setPassword("ann", "another password", on: &connection)
      let late = try Sessions.begin(checked, on: &connection)
      #expect(late == nil)
      let again = try #require(try Accounts.check("ann", "another password", on: &connection))
      let token = try Sessions.begin(again, on: &connection)
      #expect(token != nil)
      try Accounts.remove("ann", on: &connection)
      let gone = try Sessions.begin(again, on: &connection)
      #expect(gone == nil)
    }
  }

  @Test("an address may fail 5 times for one name and 20 times for all names")
  func limit() throws {
    try ConsoleStoreHarness.with { _, connection in
      for _ in 0..<5 {
        let found14 = try LoginLimit.allows("ann", from: "10.0.0.1", on: &connection)
        #expect(found14)
        try LoginLimit.begin("ann", from: "10.0.0.1", on: &connection)
      }
      let found15 = try LoginLimit.allows("ann", from: "10.0.0.1", on: &connection)
      #expect(!found15)
      let found16 = try LoginLimit.allows("ann", from: "10.0.0.2", on: &connection)
      #expect(found16, "other addresses are not locked out")
      for number in 0..<15 { try LoginLimit.begin("name\(number)", from: "10.0.0.1", on: &connection) }
      let found17 = try LoginLimit.allows("bob", from: "10.0.0.1", on: &connection)
      #expect(!found17)
      try connection.execute("UPDATE console.login_failure SET failed_at = failed_at - interval '16 minutes'")
      let found18 = try LoginLimit.allows("ann", from: "10.0.0.1", on: &connection)
      #expect(found18)
      for _ in 0..<4 { try LoginLimit.begin("ann", from: "10.0.0.1", on: &connection) }
      try LoginLimit.succeeded("ann", from: "10.0.0.1", on: &connection)
      let found19 = try LoginLimit.allows("ann", from: "10.0.0.1", on: &connection)
      #expect(found19)
    }
  }

  @Test("the audit log stores text unchanged, with NUL as ␀")
  func audit() throws {
    try ConsoleStoreHarness.with { _, connection in
      let hostile = "<script>\"'\\\u{202E}\0\n"
      try Audit.add("task.add", subject: hostile, by: "ann", from: "::1", detail: ["reason": hostile], on: &connection)
      try Audit.add("login.failed", by: nil, from: "::1", on: &connection)
      let entries = try Audit.list(limit: 10, on: &connection)
      #expect(entries.map(\.action) == ["login.failed", "task.add"])
      #expect(entries[1].subject == hostile.replacing("\0", with: "␀"))
      let found20 = try Audit.list(before: Int(entries[0].id), limit: 10, on: &connection)
      #expect(found20 == [entries[1]])
    }
  }

  @Test("the console's login cannot change or delete rows of the audit log")
  func auditIsKept() throws {
    try ConsoleStoreHarness.with { _, connection in
      try Audit.add("login", by: "ann", from: "::1", on: &connection)
      for statement in [
        "DELETE FROM console.audit", "UPDATE console.audit SET account = 'bob'", "TRUNCATE console.audit",
        "DELETE FROM console.audit WHERE false",
      ] {
        let error = #expect(throws: PostgresError.self) { try connection.execute(statement) }
        #expect(error?.sqlState == "42501")
      }
      let entries = try Audit.list(limit: 10, on: &connection)
      #expect(entries.map(\.account) == ["ann"])
    }
  }
}
