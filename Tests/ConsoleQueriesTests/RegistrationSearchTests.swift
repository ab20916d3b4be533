import ConsoleQueries
import Postgres
import TestCluster
import Testing

@Suite("Search", .needsRunDatabase)
struct RegistrationSearchTests {
  /// Reads all pages from the first to the last and back.
  private func walk(
    _ values: [String: String], size: Int, _ connection: inout Connection
  ) throws -> (forth: [String], back: [String], total: Int?) {
    let query = try RegistrationQuery(values)
    var page = try RegistrationSearch(query, size: size).page(on: &connection)
    let total = page.total
    #expect(page.previous == nil)
    var forth: [[String]] = [page.rows.map(\.ban)]
    while let next = page.next, forth.count < 1000 {
      page = try RegistrationSearch(query, place: next, size: size).page(on: &connection)
      #expect(page.total == nil)
      forth.append(page.rows.map(\.ban))
    }
    var back: [[String]] = [page.rows.map(\.ban)]
    while let previous = page.previous, back.count < 1000 {
      page = try RegistrationSearch(query, place: previous, size: size).page(on: &connection)
      #expect(page.next != nil)
      back.append(page.rows.map(\.ban))
    }
    return (forth.flatMap(\.self), back.reversed().flatMap(\.self), total)
  }

  @Test(
    "agrees with a plain model for every filter and order, paging forward and back, with and without indexes")
  func model() throws {
    var dice = ModelDice()
    let seed = dice.random.seed
    let businesses = dice.businesses(300)
    let queries = (0..<120).map { _ in (dice.query(businesses), 1 + dice.random.below(60)) }
    let expected = queries.map { ModelSearch.find(businesses, $0.0) }
    // The random searches are useful: many find some, but not all, businesses.
    #expect(expected.count { (2..<300).contains($0.count) } > 30, "seed \(seed)")
    try RunHarness.with { _, connection in
      for business in businesses { try business.insert(&connection) }
      for isIndexed in [false, true] {
        if isIndexed { try SearchIndexes.build(on: &connection) }
        for ((query, size), expected) in zip(queries, expected) {
          let found = try walk(query, size: size, &connection)
          #expect(found.forth == expected, "seed \(seed) \(query) indexes \(isIndexed)")
          #expect(found.back == expected, "seed \(seed) \(query) indexes \(isIndexed)")
          if let total = found.total { #expect(total == expected.count, "seed \(seed) \(query)") }
          if expected.count <= size { #expect(found.total != nil, "seed \(seed) \(query)") }
        }
      }
    }
  }

  @Test("finds few matches at the end of many rows")
  func few() throws {
    try RunHarness.with { _, connection in
      // The last 1,000 of 30,000 rows have the least capital and the latest dates; 40 of them have the type 'rare'.
      try connection.execute(
        """
        INSERT INTO tax_registration (ban, business_name, business_address, capital_amount, setup_date, business_type,
          content_hash)
        SELECT lpad(n::text, 8, '0'), 'name ' || n, '新北市', 30000 - n, date '1990-01-01' + n / 10,
          CASE WHEN n > 29000 AND n % 25 = 0 THEN 'rare' ELSE 'common' END, 0
        FROM generate_series(1, 30000) AS n
        """)
      let rare = (29_001...30_000).filter { $0 % 25 == 0 }.map { "000\($0)" }
      for sort in ["ban", "set_up"] {
        let found = try walk(["type": "rare", "sort": sort], size: 7, &connection)
        #expect(found.forth == rare)
        #expect(found.back == rare)
        #expect(found.total == rare.count)
      }
      let found = try walk(["type": "rare", "sort": "capital", "order": "desc"], size: 39, &connection)
      #expect(found.forth == rare)
      let all = try RegistrationSearch(RegistrationQuery(), size: 10).page(on: &connection)
      #expect(all.total == nil)
      #expect(all.rows.map(\.ban) == (1...10).map { $0 < 10 ? "0000000\($0)" : "000000\($0)" })
    }
  }

  @Test("rejects a cursor that was changed, cut off or made for another order")
  func places() throws {
    try RunHarness.with { _, connection in
      // Without a text, relevance is the order by BAN.
      let orders = RegistrationSort.allCases.filter { $0 != .relevance }
      var dice = ModelDice()
      for business in dice.businesses(20) { try business.insert(&connection) }
      for sort in orders {
        let query = try RegistrationQuery(["sort": sort.rawValue])
        let page = try RegistrationSearch(query, size: 5).page(on: &connection)
        let place = try #require(page.next)
        #expect(
          place.utf8.allSatisfy {
            $0 == 0x2D || $0 == 0x5F || Unicode.Scalar($0).properties.isAlphabetic || 0x30...0x39 ~= $0
          })
        let refused = QueryProblem("place", .place)
        for other in orders {
          for order in ["asc", "desc"] where (other, order) != (sort, "asc") {
            let query = try RegistrationQuery(["sort": other.rawValue, "order": order])
            #expect(throws: refused) { try RegistrationSearch(query, place: place) }
          }
        }
        for index in place.indices {
          #expect(throws: refused) { try RegistrationSearch(query, place: String(place[..<index])) }
          for other in ["A", "b", "_", "é", " "] where other != String(place[index]) {
            let changed = place[..<index] + other + place[place.index(after: index)...]
            #expect(throws: refused) { try RegistrationSearch(query, place: String(changed)) }
          }
        }
        for made in ["", "=", "AAAA", place + "A", place + "=", String(repeating: "A", count: 5000)] {
          #expect(throws: refused) { try RegistrationSearch(query, place: made) }
        }
      }
    }
  }

  @Test("returns the first page if the rows before it were removed")
  func gone() throws {
    try RunHarness.with { _, connection in
      for ban in ["00000001", "00000002", "00000003"] {
        try ModelBusiness(ban: ban, name: ban, industries: []).insert(&connection)
      }
      let query = RegistrationQuery()
      let first = try RegistrationSearch(query, size: 1).page(on: &connection)
      let second = try RegistrationSearch(query, place: first.next, size: 1).page(on: &connection)
      try connection.execute("DELETE FROM tax_registration WHERE ban = '00000001'")
      let page = try RegistrationSearch(query, place: second.previous, size: 1).page(on: &connection)
      #expect(page.rows.map(\.ban) == ["00000002"])
      #expect(page.previous == nil)
      #expect(page.next != nil)
    }
  }

  @Test("ends at the session's statement_timeout")
  func timeout() throws {
    try RunHarness.with { _, connection in
      try connection.execute(
        """
        INSERT INTO tax_registration (ban, business_name, content_hash)
        SELECT lpad(n::text, 8, '0'), repeat('名', 200), 0 FROM generate_series(1, 20000) AS n;
        SET statement_timeout = 1
        """)
      let query = try RegistrationQuery(["name": "沒有"])
      do {
        _ = try RegistrationSearch(query).page(on: &connection)
        Issue.record("20,000 names were read in a millisecond")
      } catch let error as PostgresError { #expect(error.sqlState == "57014") }
      try connection.execute("SET statement_timeout = 0")
      #expect(try RegistrationSearch(query).page(on: &connection).rows.isEmpty)
    }
  }
}
