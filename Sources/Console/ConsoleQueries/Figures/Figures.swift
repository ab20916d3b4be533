import Postgres
import Records

/// Queries of the figures page. Cache their results until ``publication(_:)`` changes.
public enum Figures {
  /// A day of the registry, as the view `registry_day` has it.
  public struct Day: Sendable, Equatable {
    /// ISO 8601.
    public let date: String
    public let registrations: Int
    /// Against the day before; nil for the first day, and where the change feed has expired.
    public let changes: Changes?
  }

  /// Numbers of changed businesses by kind.
  public struct Changes: Sendable, Equatable {
    public let added: Int
    public let changed: Int
    public let removed: Int
    public let reappeared: Int

    public init(added: Int, changed: Int, removed: Int, reappeared: Int) {
      self.added = added
      self.changed = changed
      self.removed = removed
      self.reappeared = reappeared
    }
  }

  /// A number of businesses by city or kind of organisation.
  public struct Group: Sendable, Equatable {
    /// Nil for businesses without one.
    public let name: String?
    public let count: Int
  }

  /// A number of businesses by month.
  public struct Month: Sendable, Equatable {
    /// `YYYY-MM`.
    public let month: String
    public let count: Int
  }

  /// Returns the number of the newest publication; nil if there is none.
  public static func publication(_ connection: inout Connection) throws -> Int? {
    try connection.optionalInt("SELECT max(id) FROM publication")
  }

  /// Returns the newest days with a publication, the oldest first. Reads the change feed of a day with several
  /// publications.
  public static func registryByDay(_ connection: inout Connection, days: Int = 90) throws -> [Day] {
    try connection.rows(
      """
      SELECT as_of_date, businesses, added, changed, removed, reappeared FROM registry_day
      WHERE as_of_date >= (SELECT min(d.as_of_date) FROM (
        SELECT DISTINCT as_of_date FROM publication ORDER BY as_of_date DESC LIMIT $1::bigint) AS d)
      ORDER BY as_of_date
      """, ["\(days)"]
    ).map { row in
      Day(
        date: try row.text("as_of_date"), registrations: try row.int("businesses"),
        changes: try row.optionalInt("added", as: Int.self).map { added in
          Changes(
            added: added, changed: try row.int("changed"), removed: try row.int("removed"),
            reappeared: try row.int("reappeared"))
        })
    }
  }
}

extension Figures {
  /// Counts businesses by the city or county at the beginning of their address: the largest first, those without one
  /// last. 台 and 臺 are equal, since the source uses both. Reads the registry.
  public static func businessesByCity(_ connection: inout Connection) throws -> [Group] {
    try connection.rows(
      """
      SELECT name, businesses FROM (
        SELECT address_city(business_address) AS name, count(*) AS businesses FROM tax_registration GROUP BY 1
      ) AS cities
      ORDER BY name IS NULL, businesses DESC, name
      """
    ).map(Group.init)
  }

  /// Counts businesses by kind of organisation: the largest first, those without one last. Reads the registry.
  public static func businessesByType(_ connection: inout Connection) throws -> [Group] {
    try connection.rows(
      """
      SELECT business_type AS name, count(*) AS businesses FROM tax_registration
      GROUP BY business_type ORDER BY business_type IS NULL, count(*) DESC, business_type
      """
    ).map(Group.init)
  }

  /// Counts businesses by the month of their set-up date: the last months up to the registry's own date, the oldest
  /// first, including months without any. Reads the registry.
  public static func setUpByMonth(_ connection: inout Connection, months: Int = 36) throws -> [Month] {
    try connection.rows(
      """
      WITH last AS (
        SELECT date_trunc('month', max(as_of_date))::date AS month FROM publication
        WHERE action = 'load' AND job_run_id <> ALL ($2::bigint[])
      ), counted AS (
        SELECT date_trunc('month', setup_date)::date AS month, count(*) AS count FROM tax_registration
        WHERE setup_date >= (SELECT (month - make_interval(months => $1::int - 1))::date FROM last)
          AND setup_date < (SELECT (month + interval '1 month')::date FROM last)
        GROUP BY 1
      )
      SELECT to_char(m, 'YYYY-MM') AS month, coalesce(c.count, 0) AS businesses
      FROM last, generate_series(last.month - make_interval(months => $1::int - 1), last.month, '1 month') AS m
        LEFT JOIN counted c ON c.month = m::date
      ORDER BY m
      """, ["\(months)", try UndonePublications.read(&connection).array]
    ).map { Month(month: try $0.text("month"), count: try $0.int("businesses")) }
  }
}

extension Figures.Group {
  fileprivate init(_ row: Row) throws {
    name = try row.optionalText("name")
    count = try row.int("businesses")
  }
}

/// The findings of a snapshot by code.
public struct FindingCounts: Sendable, Equatable {
  /// The number of findings of a code.
  public struct Count: Sendable, Equatable {
    public let code: String
    public let count: Int
  }

  /// The most frequent first.
  public let rejections: [Count]
  public let warnings: [Count]

  /// The codes that reject a record; the others are warnings.
  public static let rejecting = Set(FindingCode.allCases.filter(\.isRejection).map(\.code))

  /// - Parameter counts: counts by code.
  public init(_ counts: [String: Int]) {
    let sorted = counts.filter { $0.value > 0 }.map { Count(code: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.code) < ($0.count, $1.code) }
    rejections = sorted.filter { Self.rejecting.contains($0.code) }
    warnings = sorted.filter { !Self.rejecting.contains($0.code) }
  }
}

/// The durations of a run's stages in seconds; nil for a stage that did not run.
public struct StageDurations: Sendable, Equatable {
  public let fetch: Double?
  public let transform: Double?
  public let load: Double?

  public var total: Double { (fetch ?? 0) + (transform ?? 0) + (load ?? 0) }

  /// - Returns: nil if no stage ran.
  public init?(_ summary: RunSummary) {
    guard !summary.stages.isEmpty else { return nil }
    let seconds = Dictionary(summary.stages.map { ($0.name, $0.seconds) }) { first, _ in first }
    fetch = seconds["fetch"]
    transform = seconds["transform"]
    load = seconds["load"]
  }
}
