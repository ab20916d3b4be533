/// A business as the registry has it.
public struct Registration: Sendable, Equatable {
  public struct Industry: Sendable, Equatable {
    /// The source's slot, 1 to 4.
    public let slot: Int
    public let code: String
    public let name: String?
  }

  public let ban: String
  public let headOfficeBAN: String?
  public let name: String
  public let address: String?
  /// TWD; 0 for branches.
  public let capital: Int64?
  /// As published: ROC calendar, `YYYMMDD`; whatever else stands there where it is no date.
  public let setUpAsPublished: String?
  /// ISO 8601.
  public let setUp: String?
  public let type: String?
  public let usesInvoices: Bool?
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

  /// The columns of ``init(_:)``.
  static func columns(of row: String) -> String {
    """
    \(row).ban, \(row).headquarters_ban, \(row).business_name, \(row).business_address, \(row).capital_amount, \
    \(row).business_setup_date, \(row).setup_date, \(row).business_type, \(row).is_use_invoice, \
    \(row).data_source_date, \
    \(row).created_at, \(row).updated_at, \
    EXISTS (SELECT FROM registration_correction c WHERE c.ban = \(row).ban AND c.ended_at IS NULL)
    """
  }

  /// - Parameter values: of ``columns(of:)``; others may follow.
  init(_ values: [String?]) {
    ban = values[0] ?? ""
    headOfficeBAN = values[1]
    name = values[2] ?? ""
    address = values[3]
    capital = values[4].flatMap { Int64($0) }
    setUpAsPublished = values[5]
    setUp = values[6]
    type = values[7]
    usesInvoices = values[8].map { $0 == "t" }
    sourceDate = values[9]
    createdAt = values[10] ?? ""
    updatedAt = values[11] ?? ""
    isCorrected = values[12] == "t"
  }

  static let columnCount = 13
}
