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

  public var ban: String { self["ban"] ?? "" }
  public var headOfficeBAN: String? { self["headquarters_ban"] }
  public var name: String { self["business_name"] ?? "" }
  public var address: String? { self["business_address"] }
  /// TWD; 0 for branches.
  public var capital: Int64? { self["capital_amount"].flatMap { Int64($0) } }
  /// As published: ROC calendar, `YYYMMDD`, or the text that is there instead of a date.
  public var setUpAsPublished: String? { self["business_setup_date"] }
  /// ISO 8601.
  public var setUp: String? { self["setup_date"] }
  public var type: String? { self["business_type"] }

  /// Each column that comes from the source, and its value as PostgreSQL writes it.
  public var columns: some Sequence<(column: StoredColumn, value: String?)> {
    zip(StoredColumn.all, values).lazy.map { (column: $0, value: $1) }
  }

  private subscript(column: String) -> String? {
    StoredColumn.all.firstIndex { $0.name == column }.flatMap { values[$0] }
  }

  /// The columns of ``init(_:)``.
  static func columns(of row: String) -> String {
    """
    \(StoredColumn.all.map { "\(row).\($0.name)" }.joined(separator: ", ")), \(row).data_source_date, \
    \(row).created_at, \(row).updated_at, \
    EXISTS (SELECT FROM registration_correction c WHERE c.ban = \(row).ban AND c.ended_at IS NULL)
    """
  }

  /// - Parameter values: of ``columns(of:)``; others may follow.
  init(_ values: [String?]) {
    let count = StoredColumn.all.count
    self.values = Array(values[..<count])
    sourceDate = values[count]
    createdAt = values[count + 1] ?? ""
    updatedAt = values[count + 2] ?? ""
    isCorrected = values[count + 3] == "t"
  }

  static let columnCount = StoredColumn.all.count + 4
}
