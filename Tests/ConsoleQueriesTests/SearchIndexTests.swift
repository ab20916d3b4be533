import ConsoleQueries
import Postgres
import TestCluster
import Testing

@Suite("Search indexes", .needsRunDatabase)
struct SearchIndexTests {
  private func states(_ connection: inout Connection) throws -> Set<SearchIndexes.Index.State> {
    Set(try SearchIndexes.list(on: &connection).map(\.state))
  }

  private func fill(_ connection: inout Connection) throws {
    for ban in ["00000001", "00000002"] { try ModelBusiness(ban: ban, name: "甲司", industries: []).insert(&connection) }
  }

  @Test("are built once, each with a comment, and dropped again")
  func build() throws {
    try RunHarness.with { _, connection in
      #expect(throws: SearchIndexes.BuildError.isEmpty) { try SearchIndexes.build(on: &connection) }
      try fill(&connection)
      #expect(try states(&connection) == [.missing])
      var events: [SearchIndexes.Event] = []
      let built = try SearchIndexes.build(on: &connection) { events.append($0) }
      let indexes = try SearchIndexes.list(on: &connection)
      #expect(built == indexes.map(\.name))
      #expect(indexes.allSatisfy { $0.state == .ready && $0.bytes > 0 })
      #expect(
        events == built.enumerated().flatMap {
          [.building(name: $1, number: $0 + 1, of: built.count), .built(name: $1)]
        }
          + [.analyzing])
      let comments = try connection.execute(
        """
        SELECT count(*) FROM pg_index i JOIN pg_description d ON d.objoid = i.indexrelid
        WHERE i.indrelid = 'tax_registration'::regclass AND d.description LIKE 'The console: %'
        """
      ).number
      #expect(comments == built.count)
      let again = try SearchIndexes.build(on: &connection)
      #expect(again.isEmpty)
      try SearchIndexes.drop(on: &connection)
      #expect(try states(&connection) == [.missing])
      #expect(try connection.execute("SELECT to_regprocedure('registry_bigrams(text)')").scalar == nil)
    }
  }

  @Test("the invalid index of an interrupted build is rebuilt")
  func invalid() throws {
    try RunHarness.with { _, connection in
      try fill(&connection)
      let name = try #require(try SearchIndexes.list(on: &connection).last?.name)
      // The two rows have the same name, so this build fails and leaves an invalid index.
      #expect(throws: PostgresError.self) {
        try connection.execute("CREATE UNIQUE INDEX CONCURRENTLY \(name) ON tax_registration (business_name)")
      }
      #expect(try SearchIndexes.list(on: &connection).last?.state == .invalid)
      try SearchIndexes.build(on: &connection)
      #expect(try states(&connection) == [.ready])
    }
  }

  @Test("only one session builds them at a time")
  func underWay() throws {
    try RunHarness.with { harness, connection in
      try fill(&connection)
      var other = try harness.database.open()
      var refused = 0
      try SearchIndexes.build(on: &connection) { _ in
        do { try SearchIndexes.build(on: &other) } catch SearchIndexes.BuildError.isUnderWay { refused += 1 } catch {
          Issue.record(error)
        }
      }
      #expect(refused > 0)
      let built = try SearchIndexes.build(on: &other)
      #expect(built.isEmpty)
    }
  }

  @Test("a build that a role default stops has its own error")
  func defaults() throws {
    try RunHarness.with { harness, connection in
      try fill(&connection)
      var session = try Connection.open(
        try DatabaseAddress(harness.database.url), applicationName: harness.database.name)
      try session.executeOutsideTransaction("SET default_transaction_read_only = on")
      var sqlState: String?
      do { try SearchIndexes.build(on: &session) } catch SearchIndexes.BuildError.isCutShort(let error) {
        sqlState = error.sqlState
      }
      #expect(sqlState == "25006")
    }
  }

  @Test("only the owner may build them", .enabled(if: TestCluster.isOwn))
  func denied() throws {
    try RunHarness.with { harness, connection in
      try fill(&connection)
      try TestRoles.with(harness.database) { roles in
        for role in [TestRoles.Role.reader, .console, .loader] {
          var session = try TestDatabase.open(roles.url(role))
          // An SQL error would be logged by the server each minute, and would abort this transaction.
          try session.transaction { session in
            #expect(throws: SearchIndexes.BuildError.isDenied) { try SearchIndexes.build(on: &session) }
            try session.execute("SELECT 1")
          }
          #expect(try SearchIndexes.list(on: &session).allSatisfy { $0.state == .missing })
        }
        var owner = try TestDatabase.open(roles.url(.owner))
        let built = try SearchIndexes.build(on: &owner)
        #expect(!built.isEmpty)
        // The reader can use them, and the loader can still write.
        var reader = try TestDatabase.open(roles.url(.reader))
        let query = try RegistrationQuery(["name": "甲司"])
        let found = try RegistrationSearch(query).page(on: &reader)
        #expect(found.rows.count == 2)
        try roles.execute(as: .loader, "UPDATE tax_registration SET business_name = '乙司', business_address = '台北市'")
      }
    }
  }
}
