import Postgres

/// A business with its industries, branches, head office, correction and history.
public struct Business: Sendable, Equatable {
  /// The head office of a branch.
  public struct HeadOffice: Sendable, Equatable {
    public let ban: String
    /// Nil if it is not in the registry.
    public let name: String?
  }

  /// A branch of a head office.
  public struct Branch: Sendable, Equatable {
    public let ban: String
    public let name: String
    public let address: String?
  }

  /// A correction in force.
  public struct Correction: Sendable, Equatable {
    public let id: Int
    /// The user of the operating system.
    public let correctedBy: String
    /// In UTC, as PostgreSQL writes it.
    public let correctedAt: String
    /// Codes of findings that the source's record has and the corrected record does not have.
    public let fixedCodes: [String]
  }

  public let ban: BAN
  /// Nil if it is not in the registry now.
  public let registration: Registration?
  public let headOffice: HeadOffice?
  /// The first ``branchesMax`` by BAN.
  public let branches: [Branch]
  /// The number of all branches.
  public let branchCount: Int
  public let correction: Correction?
  /// The newest first.
  public let history: [RegistrationChange]

  public var hasMoreBranches: Bool { branchCount > branches.count }

  /// The part of the name that tells it from others, for a search: without the words for its legal form.
  public var distinctiveName: String? {
    guard var name = registration?.name ?? history.first?.name else { return nil }
    for ending in ["股份有限公司", "有限公司", "無限公司", "兩合公司", "企業社", "工程行", "商行", "企業行", "商店"]
    where name.hasSuffix(ending) { name.removeLast(ending.count) }
    return name.unicodeScalars.count > 1 ? name : nil
  }

  public static let branchesMax = 100

  /// Reads a business.
  ///
  /// - Returns: nil if it is not in the registry, and the change feed has no row of it.
  public static func find(_ ban: BAN, on connection: inout Connection) throws -> Business? {
    try RegistrySnapshot.read(&connection) { connection in
      let registration = try registration(ban, &connection)
      let history = try history(ban, &connection)
      guard registration != nil || !history.isEmpty else { return nil }
      let branches = try connection.rows(
        """
        SELECT ban, business_name, business_address FROM tax_registration WHERE headquarters_ban = $1
        ORDER BY ban LIMIT \(branchesMax)
        """, [ban.text]
      ).map { row in
        Branch(
          ban: try row.text("ban"), name: try row.text("business_name"),
          address: try row.optionalText("business_address"))
      }
      return Business(
        ban: ban, registration: registration, headOffice: try headOffice(registration, &connection),
        branches: branches,
        branchCount: branches.count < branchesMax
          ? branches.count
          : try connection.int("SELECT count(*) FROM tax_registration WHERE headquarters_ban = $1", [ban.text]),
        correction: try correction(ban, &connection), history: history)
    }
  }

  private static func registration(_ ban: BAN, _ connection: inout Connection) throws -> Registration? {
    let row = try connection.rows(
      "SELECT \(Registration.columns(of: "r")) FROM tax_registration r WHERE r.ban = $1", [ban.text]
    ).first
    guard let row else { return nil }
    var registration = try Registration(row)
    registration.industries = try Industries.of([ban.text], &connection)[ban.text] ?? []
    return registration
  }

  private static func headOffice(
    _ registration: Registration?, _ connection: inout Connection
  ) throws -> HeadOffice? {
    guard let ban = registration?.headOfficeBAN else { return nil }
    let row = try connection.rows("SELECT business_name FROM tax_registration WHERE ban = $1", [ban]).first
    return HeadOffice(ban: ban, name: try row?.text("business_name"))
  }

  private static func correction(_ ban: BAN, _ connection: inout Connection) throws -> Correction? {
    try connection.rows(
      """
      SELECT id, corrected_by, corrected_at, fixed_codes
      FROM registration_correction WHERE ban = $1 AND ended_at IS NULL
      """, [ban.text]
    ).first.map { row in
      Correction(
        id: try row.int("id"), correctedBy: try row.text("corrected_by"), correctedAt: try row.text("corrected_at"),
        fixedCodes: try row.textArray("fixed_codes"))
    }
  }

  private static func history(_ ban: BAN, _ connection: inout Connection) throws -> [RegistrationChange] {
    let undone = try UndonePublications.read(&connection)
    return try RegistrationChange.read(
      """
      SELECT \(RegistrationChange.sql) FROM (SELECT $1::text AS ban, * FROM registry_history($1)) AS c
        JOIN publication p ON p.job_run_id = c.job_run_id
      """, order: "h.job_run_id DESC", undone, [ban.text], &connection)
  }
}
