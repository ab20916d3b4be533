import Postgres

/// Finds businesses page by page.
///
/// The best plan depends on how many businesses match, and the server misjudges that if the conditions depend on each
/// other. So a search tries two bounded ways:
/// 1. It reads the list in its order from the cursor, and filters some thousands of rows at most. If many businesses
///   match, this fills the page.
/// 2. Otherwise few match: it collects all matching businesses by the available indexes, and sorts them.
public struct RegistrationSearch: Sendable {
  public static let pageSizeMax = 200

  private let query: RegistrationQuery
  private let place: PageCursor?
  private let size: Int
  private let limits: TextMatches.Limits

  /// How many rows the first way reads: if the first few have no match, only those. Industries are in another table, so
  /// to filter a row by them costs several times as much.
  private var lookedAt: [Int] { [500, query.industry == nil ? 6_000 : 2_000] }

  /// - Parameters:
  ///   - place: ``RegistrationPage/next`` or ``RegistrationPage/previous`` of a page in the same order; nil for the
  ///     first page.
  ///   - size: rows per page, up to ``pageSizeMax``.
  public init(_ query: RegistrationQuery, place: String? = nil, size: Int = 50) throws(QueryProblem) {
    try self.init(query, place: place, size: size, limits: TextMatches.Limits())
  }

  package init(
    _ query: RegistrationQuery, place: String? = nil, size: Int = 50, limits: TextMatches.Limits
  ) throws(QueryProblem) {
    self.query = query
    self.limits = limits
    self.size = min(max(size, 1), Self.pageSizeMax)
    guard let text = place else {
      self.place = nil
      return
    }
    guard let place = PageCursor(text), place.list == Self.list(query), BAN(place.ban) != nil,
      query.text == nil ? query.sort.isKey(place.key) : Self.position(place) != nil
    else { throw QueryProblem("place", .place) }
    self.place = place
  }

  /// Reads the page.
  ///
  /// - Throws: a `PostgresError`, with SQLSTATE 57014 after the session's `statement_timeout`.
  public func page(on connection: inout Connection) throws -> RegistrationPage {
    try RegistrySnapshot.read(&connection) { connection in
      if let text = query.text { return try match(text, &connection) }
      let page = try find(&connection)
      guard page.rows.isEmpty, place?.way == .before else { return page }
      // The rows before the cursor were removed meanwhile, so this is the first page.
      return try RegistrationSearch(query, size: size).find(&connection)
    }
  }

  /// Reads a page of the businesses that match a text. They are few, so the cursor is the number of rows before the page.
  private func match(_ text: SearchText, _ connection: inout Connection) throws -> RegistrationPage {
    let matches = try TextMatches(text, &connection, limits: limits)
    var values = SQLValues()
    let filters = RegistrationConditions(query, try .looking(for: query, &connection)).all(&values)
    // Only the best matches can be chosen from a part of all.
    let isRelevance = query.sort == .relevance
    let ways = matches.ways(&values, filters: filters, limit: isRelevance ? limits.found : nil)
    let order = isRelevance ? matches.rank(&values) : query.sort.key(of: "r")
    let publication = try connection.optionalInt("SELECT max(id) FROM publication") ?? 0
    let before = try rowsBefore(publication)
    let isCut = ways.indices.map { "(SELECT count(*) FROM way_\($0)) = \(limits.found)" }
    // A sequential scan would compare each business with the pattern. The server chooses it if it expects many matches.
    try connection.execute(
      """
      SELECT pg_catalog.set_config('enable_seqscan', 'off', true),
        pg_catalog.set_config('max_parallel_workers_per_gather', '0', true)
      """)
    let rows = try connection.rows(
      """
      WITH \(ways.enumerated().map { "way_\($0) AS MATERIALIZED (\($1))" }.joined(separator: ", ")),
        found AS MATERIALIZED (\(ways.indices.map { "SELECT ban FROM way_\($0)" }.joined(separator: " UNION ")))
      SELECT \(Registration.columns(of: "r")), (SELECT count(*) FROM found) AS total,
        \(isRelevance ? isCut.joined(separator: " OR ") : "false") AS is_cut
      FROM found JOIN tax_registration r USING (ban)
      ORDER BY \(order) \(direction), r.ban \(direction) LIMIT \(size + 1) OFFSET \(before)
      """, values.values)
    let wasCut = try isRelevance && matches.isPart || rows.first?.bool("is_cut") ?? false
    func cursor(_ rowsBefore: Int) -> String {
      PageCursor(.after, in: Self.list(query), key: "\(rowsBefore) \(publication)", ban: "00000000").text
    }
    return RegistrationPage(
      rows: try withIndustries(rows.prefix(size).map(Registration.init), &connection),
      next: rows.count > size ? cursor(before + size) : nil,
      previous: before > 0 ? cursor(max(0, before - size)) : nil,
      total: before > 0 || wasCut ? nil : try rows.first?.int("total") ?? 0, isCut: wasCut)
  }

  /// Returns the number of rows before the page.
  ///
  /// - Throws: ``QueryProblem`` if the registry was published again since the cursor was made: rows have moved.
  private func rowsBefore(_ publication: Int) throws -> Int {
    guard let place else { return 0 }
    guard let (rows, known) = Self.position(place), known == publication else { throw QueryProblem("place", .place) }
    return rows
  }

  /// The rows before the page of a cursor, and the publication that they belong to.
  private static func position(_ place: PageCursor) -> (rows: Int, publication: Int)? {
    let parts = place.key.split(separator: " ").compactMap { String($0).isDigits ? Int($0) : nil }
    guard parts.count == 2, parts[0] <= 4_000_000 else { return nil }
    return (parts[0], parts[1])
  }

  private func find(_ connection: inout Connection) throws -> RegistrationPage {
    var found = Found(rows: [])
    for count in isNarrow ? [] : lookedAt {
      found = try findPage(&connection, among: count)
      if found.rows.isEmpty || found.rows.count > size { break }
    }
    if found.rows.count <= size { found = try collect(&connection) }
    let hasMore = found.rows.count > size
    var rows = Array(found.rows.prefix(size))
    if place?.way == .before { rows.reverse() }
    let isFirst = place == nil || place?.way == .before && !hasMore
    let isLast = place?.way != .before && !hasMore
    return RegistrationPage(
      rows: try withIndustries(rows.map(Registration.init), &connection),
      next: try isLast ? nil : rows.last.map { try text(.after, $0) },
      previous: try isFirst ? nil : rows.first.map { try text(.before, $0) },
      total: place == nil ? found.total : nil)
  }

  /// Rows with the columns of a registration and `sort_key`, in reading direction; up to one more than a page.
  private struct Found {
    var rows: [Row]
    var total: Int?
  }

  /// Whether so few businesses can match that the first way is skipped.
  private var isNarrow: Bool {
    if case .of = query.headOffice { return true }
    return (query.ban?.utf8.count ?? 0) >= 4
  }

  /// - Parameter count: how many rows it reads.
  private func findPage(_ connection: inout Connection, among count: Int) throws -> Found {
    var values = SQLValues()
    let conditions = RegistrationConditions(query, try .looking(for: query, &connection))
    let inner = conditions.range(of: query.sort, &values) + beyond(&values)
    let outer = conditions.all(&values)
    return Found(
      rows: try connection.rows(
        """
        SELECT \(Registration.columns(of: "r")), \(key("r")) AS sort_key FROM (
          SELECT r.* FROM tax_registration r \(whereClause(inner)) ORDER BY \(order("r")) LIMIT \(count)
        ) AS r \(whereClause(outer)) ORDER BY \(order("r")) LIMIT \(size + 1)
        """, values.values))
  }

  private func collect(_ connection: inout Connection) throws -> Found {
    var values = SQLValues()
    let use = try RegistrationConditions.Use.collecting(for: query, &connection)
    let conditions = RegistrationConditions(query, use).all(&values) + beyond(&values)
    let rows = try connection.rows(
      """
      WITH found AS MATERIALIZED (SELECT r.ban, \(key("r")) AS key FROM tax_registration r \(whereClause(conditions)))
      SELECT \(Registration.columns(of: "r")), \(key("r")) AS sort_key, (SELECT count(*) FROM found) AS total
      FROM (SELECT ban, key FROM found ORDER BY key \(direction), ban \(direction) LIMIT \(size + 1)) AS f
        JOIN tax_registration r USING (ban)
      ORDER BY f.key \(direction), f.ban \(direction)
      """, values.values)
    return Found(rows: rows, total: try rows.isEmpty ? 0 : rows[0].int("total"))
  }

  /// Returns the condition for rows beyond the cursor.
  private func beyond(_ values: inout SQLValues) -> [String] {
    guard let place else { return [] }
    let comparison = isBackwards ? "<" : ">"
    if query.sort == .ban { return ["r.ban \(comparison) \(values.add(place.ban))"] }
    let key = values.add(place.key, query.sort.type)
    return ["(\(query.sort.key(of: "r")), r.ban) \(comparison) (\(key), \(values.add(place.ban)))"]
  }

  /// Whether the rows are read in descending order.
  private var isBackwards: Bool { query.descends != (place?.way == .before) }

  private var direction: String { isBackwards ? "DESC" : "ASC" }

  private func key(_ row: String) -> String { query.sort.key(of: row) }

  private func order(_ row: String) -> String {
    query.sort == .ban ? "\(row).ban \(direction)" : "\(key(row)) \(direction), \(row).ban \(direction)"
  }

  private func whereClause(_ conditions: [String]) -> String {
    conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
  }

  private static func list(_ query: RegistrationQuery) -> String {
    (query.text == nil ? "" : "q-") + query.sort.rawValue + (query.descends ? "-" : "+")
  }

  private func text(_ way: PageCursor.Way, _ row: Row) throws -> String {
    PageCursor(way, in: Self.list(query), key: try row.text("sort_key"), ban: try row.text("ban")).text
  }

  private func withIndustries(_ rows: [Registration], _ connection: inout Connection) throws -> [Registration] {
    let industries = try Industries.of(rows.map(\.ban), &connection)
    return rows.map { row in
      var row = row
      row.industries = industries[row.ban] ?? []
      return row
    }
  }
}

/// One page of a search.
public struct RegistrationPage: Sendable, Equatable {
  public var rows: [Registration]
  /// The cursor of the next page, for ``RegistrationSearch``; nil on the last one.
  public var next: String?
  /// The cursor of the previous page; nil on the first one.
  public var previous: String?
  /// The number of matches, if the search for the first page has counted them; nil if there are many, and on other
  /// pages.
  public var total: Int?
  /// Whether more businesses match a text than a search finds.
  public var isCut = false
}
