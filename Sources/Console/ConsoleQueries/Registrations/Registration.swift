import Postgres
import Records

/// A business in the registry.
public struct Registration: Sendable, Equatable {
  /// An industry of a business.
  public struct Industry: Sendable, Equatable {
    /// The source's slot, 1 to 4.
    public let slot: Int
    public let code: String
    public let name: String?
  }

  /// The values of ``StoredColumn/all``, in that order, as PostgreSQL writes them.
  private let values: [String?]
  /// The date of the snapshot that last changed it, ISO 8601.
  public let sourceDate: String?
  /// When its BAN was first seen, in UTC as PostgreSQL writes it.
  public let createdAt: String
  /// When it or its industries last changed, in UTC as PostgreSQL writes it.
  public let updatedAt: String
  /// Whether a correction in force replaces the source's record.
  public let isCorrected: Bool
  /// In the source's order.
  public internal(set) var industries: [Industry] = []

  public let ban: String
  public let headOfficeBAN: String?
  public let name: String
  public let address: String?
  /// TWD; 0 for branches.
  public let capital: Int64?
  /// The set-up date as published: `YYYMMDD` in the ROC calendar, or another text in its place.
  public let setUpAsPublished: String?
  /// The set-up date, ISO 8601.
  public let setUp: String?
  public let type: String?

  /// The columns that come from the source, with their values as PostgreSQL writes them.
  public var columns: some Sequence<(column: StoredColumn, value: String?)> {
    zip(StoredColumn.all, values).lazy.map { (column: $0, value: $1) }
  }

  /// Returns the columns that ``init(_:)`` reads, for SELECT.
  static func columns(of row: String) -> String {
    """
    \(StoredColumn.all.map { "\(row).\($0.name)" }.joined(separator: ", ")), \(row).data_source_date, \
    \(row).created_at, \(row).updated_at, \
    EXISTS (SELECT FROM registration_correction c WHERE c.ban = \(row).ban AND c.ended_at IS NULL) \
    AS is_corrected
    """
  }

  /// - Parameter row: a row with ``columns(of:)``.
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
