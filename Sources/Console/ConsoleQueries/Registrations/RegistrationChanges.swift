import Postgres

/// Reads the change feed page by page: the newest run first, and each run sorted by BAN.
public struct RegistrationChanges: Sendable {
  /// One page of changes.
  public struct Page: Sendable, Equatable {
    public let changes: [RegistrationChange]
    /// The cursor of the next page, for ``init(_:place:size:)``; nil on the last one.
    public let next: String?
    /// The cursor of the previous page; nil on the first one.
    public let previous: String?
  }

  public static let pageSizeMax = 200
  /// The names of the parameters.
  public static let names = ["since", "kind", "column", "ban"]

  /// Selects runs that count from this day or later, ISO 8601.
  public let since: String?
  public let kind: RegistrationChange.Kind?
  /// Selects changed businesses in which this column differs.
  public let column: String?
  public let ban: BAN?
  private let place: PageCursor?
  private let size: Int

  /// The list's name in a cursor.
  private static let list = "changes"

  /// - Parameters:
  ///   - values: by name. An empty value counts as missing; unknown names are ignored.
  ///   - place: ``Page/next`` or ``Page/previous``; nil for the first page.
  ///   - size: changes per page, up to ``pageSizeMax``.
  public init(_ values: [String: String], place: String? = nil, size: Int = 50) throws(QueryProblem) {
    let values = QueryValues(values: values)
    since = try values.date("since")
    kind = try values.choice("kind")
    column = values.text("column")
    if let column, !RegistrationChange.columnNames.contains(column) { throw QueryProblem("column", .choice) }
    let ban = values.text("ban")
    self.ban = ban.flatMap { BAN($0) }
    if ban != nil, self.ban == nil { throw QueryProblem("ban", .ban) }
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

  /// The parameters of this query, for links.
  public var parameters: [(name: String, value: String)] {
    zip(Self.names, [since, kind?.rawValue, column, ban?.text]).compactMap { name, value in value.map { (name, $0) } }
  }

  /// Reads the page.
  public func page(on connection: inout Connection) throws -> Page {
    try RegistrySnapshot.read(&connection) { connection in
      var found = try find(&connection)
      let hasMore = found.count > size
      if hasMore { found.removeLast() }
      if isBackwards { found.reverse() }
      let isFirst = place == nil || isBackwards && !hasMore
      return Page(
        changes: found, next: isBackwards || hasMore ? found.last.map { text(.after, $0) } : nil,
        previous: isFirst ? nil : found.first.map { text(.before, $0) })
    }
  }

  private var isBackwards: Bool { place?.way == .before }

  private func text(_ way: PageCursor.Way, _ change: RegistrationChange) -> String {
    PageCursor(way, in: Self.list, key: "\(change.jobRunID)", ban: change.ban).text
  }

  /// Reads run by run: each run's changes come from the primary key in order, and the first runs fill the page.
  private func find(_ connection: inout Connection) throws -> [RegistrationChange] {
    var values = SQLValues()
    let (runs, bans) = isBackwards ? ("ASC", "DESC") : ("DESC", "ASC")
    var ofRuns: [String] = []
    var ofChanges = ["f.job_run_id = p.job_run_id"]
    if let since { ofRuns.append("p.as_of_date >= \(values.add(since, "date"))") }
    if let kind {
      ofChanges.append("f.kind = \(values.add(kind.rawValue))")
      ofRuns.append(hasSome("kinds", kind.rawValue, &values))
    }
    if let column {
      ofChanges.append("\(values.add(column)) = ANY (f.changed_columns)")
      ofRuns.append(hasSome("columns", column, &values))
    }
    if let ban {
      let value = values.add(ban.text)
      ofChanges.append("f.ban = \(value)")
      ofRuns.append("p.job_run_id IN (SELECT b.job_run_id FROM registration_change b WHERE b.ban = \(value))")
    }
    if let place {
      let run = values.add(place.key, "bigint")
      let comparison = isBackwards ? ("<", ">=") : (">", "<=")
      ofRuns.append("p.job_run_id \(comparison.1) \(run)")
      // Of the cursor's own run, the changes beyond its BAN; of other runs, all changes.
      let end = isBackwards ? "'~'" : "''"
      ofChanges.append(
        "f.ban \(comparison.0) CASE WHEN p.job_run_id = \(run) THEN \(values.add(place.ban)) ELSE \(end) END")
    }
    return try RegistrationChange.read(
      """
      SELECT \(RegistrationChange.sql) FROM publication p CROSS JOIN LATERAL (
        SELECT f.* FROM registration_change f WHERE \(ofChanges.joined(separator: " AND "))
        ORDER BY f.ban \(bans) LIMIT \(size + 1)
      ) AS c \(ofRuns.isEmpty ? "" : "WHERE " + ofRuns.joined(separator: " AND "))
      ORDER BY p.job_run_id \(runs), c.ban \(bans) LIMIT \(size + 1)
      """, order: "h.job_run_id \(runs), h.ban \(bans)", values.values, &connection)
  }

  /// Returns the condition that a run has such changes by its own counts, which skips most runs for rare changes. Runs
  /// of earlier versions have no counts and are not skipped.
  private func hasSome(_ group: String, _ name: String, _ values: inout SQLValues) -> String {
    """
    CASE WHEN p.changes ? '\(group)' THEN coalesce((p.changes -> '\(group)' ->> \(values.add(name)))::bigint, 0) > 0 \
    ELSE true END
    """
  }
}
