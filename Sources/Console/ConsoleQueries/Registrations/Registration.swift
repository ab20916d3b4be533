import Postgres
import Records

/// A business as the registry has it.
public struct Registration: Sendable, Equatable {
  public struct Industry: Sendable, Equatable {
    /// The source's slot, 1 to 4.
    public let slot: Int
    public let code: String
    public let name: String?
  }

  /// What it has of the source, in the order of ``StoredColumn/all``, as PostgreSQL writes it.
  private let values: [String?]
  /// ISO 8601: of the snapshot that last changed it.
  public let sourceDate: String?
  /// As PostgreSQL writes a time in UTC: when its BAN was first seen.
  public let createdAt: String
  /// As PostgreSQL writes a time in UTC: when it or its industries last changed.
  public let updatedAt: String
  /// Whether a correction by hand holds in place of the source's record.
  public let isCorrected: Bool
  /// In their order.
  public internal(set) var industries: [Industry] = []

  public let ban: String
  public let headOfficeBAN: String?
  public let name: String
  public let address: String?
  /// TWD; 0 for branches.
  public let capital: Int64?
  /// As published: ROC calendar, `YYYMMDD`, or the text that is there instead of a date.
  public let setUpAsPublished: String?
  /// ISO 8601.
  public let setUp: String?
  public let type: String?

  /// Each column that comes from the source, and its value as PostgreSQL writes it.
  public var columns: some Sequence<(column: StoredColumn, value: String?)> {
    zip(StoredColumn.all, values).lazy.map { (column: $0, value: $1) }
  }

  /// The columns of ``init(_:)``.
  static func columns(of row: String) -> String {
    """
    \(StoredColumn.all.map { "\(row).\($0.name)" }.joined(separator: ", ")), \(row).data_source_date, \
    \(row).created_at, \(row).updated_at, \
    EXISTS (SELECT FROM registration_correction c WHERE c.ban = \(row).ban AND c.ended_at IS NULL) \
    AS is_corrected
    """
  }

  /// - Parameter row: with ``columns(of:)``.
  init(_ row: Row) throws {
    values = try StoredColumn.all.map { try row.optionalText($0.name) }
    ban = try row.text("ban")
    headOfficeBAN = try row.optionalText("headquarters_ban")
    name = try row.text("business_name")
    address = try row.optionalText("business_address")
    capital = try row.optionalInt("capital_amount", as: Int64.self)
    setUpAsPublished = try row.optionalText("business_setup_date")
    setUp = try row.optionalText("setup_date")
    type = try row.optionalText("business_type")
    sourceDate = try row.optionalText("data_source_date")
    createdAt = try row.text("created_at")
    updatedAt = try row.text("updated_at")
    isCorrected = try row.bool("is_corrected")
  }
}
