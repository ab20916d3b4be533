import CommandKit
import FoundationEssentials
import Postgres
import Support

/// A query of the change feed.
public struct ChangeQuery: Sendable {
  /// ISO 8601 date: only publications that count from this day or later.
  public var since: String?
  public var kind: String?
  public var column: String?
  public var ban: String?
  public var limit: Int?

  public static let kinds = ["added", "changed", "removed", "reappeared"]
  public static let columns = RegistrationImage.differing

  public init() {}

  /// Calls `body` with each row as a line of JSON, the newest publication first, each publication sorted by BAN. A line
  /// has the fields of the feed's files, and `as_of_date` and `action` of the publication.
  ///
  /// - Parameter note: called with a warning if requested rows have expired.
  public func run(
    _ databaseURL: String, applicationName: String = "registry-changes",
    stop: @escaping StopCheck = { try StopSignal.check() }, note: (String) -> Void = { _ in },
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    do {
      var session = try DatabaseAccess(databaseURL, applicationName: applicationName, isReadOnly: true, stop: stop)
        .open()
      try Migrator.requireCurrent(&session)
      let since = since.map { "AND as_of_date >= \(String.sqlLiteral($0))::date" } ?? ""
      if let day = try session.optionalText(
        "SELECT max(as_of_date) FROM publication WHERE feed_expired_at IS NOT NULL \(since)")
      {
        note("changes up to \(day) are not complete: rows were deleted for their age (--retain-days)")
      }
      try session.copyOut(
        String(
          sql: PackageResources.copy_changes_sql,
          ["conditions": conditions, "limit": limit.map { "\($0)" } ?? "ALL"]), body)
    } catch { throw Failure(from: error) }
  }

  /// COPY takes no parameters, so the statement contains the values.
  private var conditions: String {
    var conditions = ["true"]
    if let since { conditions.append("p.as_of_date >= \(String.sqlLiteral(since))::date") }
    if let kind { conditions.append("c.kind = \(String.sqlLiteral(kind))") }
    if let column { conditions.append("\(String.sqlLiteral(column)) = ANY (c.changed_columns)") }
    if let ban { conditions.append("c.ban = \(String.sqlLiteral(ban))") }
    return conditions.joined(separator: " AND ")
  }
}

/// A row of the change feed.
public struct Change: Decodable, Sendable {
  public let asOfDate: String
  public let action: String
  public let ban: String
  public let kind: String
  public let reason: String?
  public let changedColumns: [String]
  public let before: [String: Value]?
  public let after: [String: Value]?

  /// A column's value, as text.
  public enum Value: Decodable, Sendable {
    case text(String)
    case none
    case industries([Industry])

    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .none
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let truth = try? container.decode(Bool.self) {
        self = .text(truth ? "true" : "false")
      } else if let number = try? container.decode(Int64.self) {
        self = .text("\(number)")
      } else {
        self = .industries(try container.decode([Industry].self))
      }
    }
  }

  public struct Industry: Decodable, Sendable {
    public let order: Int
    public let industryCode: String
    public let industryName: String?

    private enum CodingKeys: String, CodingKey {
      case order
      case industryCode = "industry_code"
      case industryName = "industry_name"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case action, ban, kind, reason, before, after
    case asOfDate = "as_of_date"
    case changedColumns = "changed_columns"
  }

  /// - Parameter line: a line of ``ChangeQuery``.
  public init(line: UnsafeRawBufferPointer) throws {
    self = try JSONDecoder().decode(Change.self, from: Data(line))
  }
}
