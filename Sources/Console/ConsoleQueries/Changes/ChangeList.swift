import Postgres

/// Reads the change feed page by page: the newest run first, and each run sorted by BAN.
public struct ChangeList: Sendable {
  /// One page of changes.
  public struct Page: Sendable, Equatable {
    public let changes: [RegistrationChange]
    /// The number of changes on all pages; nil if there are more than ``totalMax`` and counting them would take long.
    public let total: Int?
    /// The publications that were undone and are left out, with a day in the range of the query. The newest first.
    public let undone: [UndonePublications.Day]
    /// The cursor of the next page, for ``init(_:place:size:)``; nil on the last one.
    public let next: String?
    /// The cursor of the previous page; nil on the first one.
    public let previous: String?
  }

  public static let pageSizeMax = 200
  public static let totalMax = 10_000

  private let query: ChangeFilter
  private let place: PageCursor?
  private let size: Int

  /// The list's name in a cursor.
  private static let list = "changes"

  /// - Parameters:
  ///   - place: ``Page/next`` or ``Page/previous``; nil for the first page.
  ///   - size: changes per page, up to ``pageSizeMax``.
  public init(_ query: ChangeFilter, place: String? = nil, size: Int = 50) throws(QueryProblem) {
    self.query = query
    self.size = min(max(size, 1), Self.pageSizeMax)
    guard let text = place else {
      self.place = nil
      return
    }
    guard let place = PageCursor(text), place.list == Self.list, place.key.isDigits, Int64(place.key) != nil,
      BAN(place.ban) != nil
    else { throw QueryProblem("place", .place) }
    self.place = place
  }

  /// Reads the page.
  public func page(on connection: inout Connection) throws -> Page {
    try RegistrySnapshot.read(&connection) { connection in
      let undone = try UndonePublications.read(&connection)
      var found = try find(undone, &connection)
      let hasMore = found.count > size
      if hasMore { found.removeLast() }
      if isBackwards { found.reverse() }
      let isFirst = place == nil || isBackwards && !hasMore
      return Page(
        changes: found, total: try total(undone, &connection), undone: leftOut(undone),
        next: isBackwards || hasMore ? found.last.map { text(.after, $0) } : nil,
        previous: isFirst ? nil : found.first.map { text(.before, $0) })
    }
  }

  private var isBackwards: Bool { place?.way == .before }

  private func text(_ way: PageCursor.Way, _ change: RegistrationChange) -> String {
    PageCursor(way, in: Self.list, key: "\(change.jobRunID)", ban: change.ban).text
  }

  private func leftOut(_ undone: UndonePublications) -> [UndonePublications.Day] {
    guard !query.includesUndone, query.run == nil else { return [] }
    return undone.days.filter { day in
      guard day.reloadedBy == nil else { return false }
      guard let date = day.asOfDate else { return query.since == nil && query.until == nil }
      return query.since.map { $0 <= date } ?? true && query.until.map { date <= $0 } ?? true
    }
  }

  /// Reads run by run: each run's changes come from the primary key in order, and the first runs fill the page.
  private func find(_ undone: UndonePublications, _ connection: inout Connection) throws -> [RegistrationChange] {
    var values = SQLValues()
    let (runs, bans) = isBackwards ? ("ASC", "DESC") : ("DESC", "ASC")
    let conditions = ChangeConditions(query: query, undone: undone, place: place)
    return try RegistrationChange.read(
      """
      SELECT \(RegistrationChange.sql) FROM publication p CROSS JOIN LATERAL (
        SELECT f.* FROM registration_change f \(conditions.ofChanges(&values)) ORDER BY f.ban \(bans) LIMIT \(size + 1)
      ) AS c \(conditions.ofRuns(&values))
      ORDER BY p.job_run_id \(runs), c.ban \(bans) LIMIT \(size + 1)
      """, order: "h.job_run_id \(runs), h.ban \(bans)", undone, values.values, &connection)
  }

  private func total(_ undone: UndonePublications, _ connection: inout Connection) throws -> Int? {
    let conditions = ChangeConditions(query: query, undone: undone)
    if let total = try recordedTotal(conditions, &connection) { return total }
    var values = SQLValues()
    let count = try connection.int(
      """
      SELECT count(*) FROM (
        SELECT FROM publication p CROSS JOIN LATERAL (
          SELECT FROM registration_change f \(conditions.ofChanges(&values))) AS c \(conditions.ofRuns(&values))
        LIMIT \(Self.totalMax + 1)
      ) AS found
      """, values.values)
    return count > Self.totalMax ? nil : count
  }

  /// Adds up the publications' own counts by kind or by column; nil if they do not tell the total. A load into an empty
  /// registry has no changes.
  private func recordedTotal(_ conditions: ChangeConditions, _ connection: inout Connection) throws -> Int? {
    guard !query.selectsBusinesses, query.kind == nil || query.column == nil else { return nil }
    var values = SQLValues()
    let counts =
      if let column = query.column {
        "(p.changes -> 'columns' ->> \(values.add(column)))::bigint"
      } else if let kind = query.kind {
        "(p.changes -> 'kinds' ->> \(values.add(kind.rawValue)))::bigint"
      } else {
        "(SELECT sum(k.value::bigint) FROM jsonb_each_text(p.changes -> 'kinds') AS k)"
      }
    let row = try connection.row(
      """
      SELECT coalesce(bool_and(p.kind = 'bulk' OR p.changes ? 'kinds' AND p.feed_expired_at IS NULL), true) AS is_known,
        coalesce(sum(\(counts)), 0)::bigint AS total
      FROM publication p \(conditions.ofRuns(&values))
      """, values.values)
    return try row.bool("is_known") ? try row.int("total") : nil
  }
}
