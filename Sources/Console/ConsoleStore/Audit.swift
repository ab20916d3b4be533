import FoundationEssentials
import Postgres

/// The audit log: who did what. Entries are never changed or deleted.
public enum Audit {
  public struct Entry: Sendable, Equatable {
    public let id: String
    public let at: String
    /// nil for a failed log-in and for the command line.
    public let account: String?
    public let address: String?
    public let action: String
    public let subject: String?
    /// A JSON object.
    public let detail: String
  }

  /// Adds an entry.
  ///
  /// - Parameters:
  ///   - account: nil for a failed log-in and for the command line.
  ///   - address: nil for the command line.
  public static func add(
    _ action: String, subject: String? = nil, by account: String?, from address: String?,
    detail: [String: String] = [:], on connection: inout Connection
  ) throws {
    let json = String(decoding: try JSONEncoder().encode(detail.mapValues(withoutNUL)), as: UTF8.self)
    try connection.execute(
      "INSERT INTO console.audit (account, address, action, subject, detail) VALUES ($1, $2, $3, $4, $5)",
      [account, address, action, subject.map(withoutNUL), json])
  }

  /// Returns entries, the newest first.
  ///
  /// - Parameters:
  ///   - before: returns only entries with a smaller number.
  ///   - account: returns only entries of this account.
  ///   - action: returns only entries of this action.
  public static func list(
    before: Int? = nil, account: String? = nil, action: String? = nil, limit: Int, on connection: inout Connection
  ) throws -> [Entry] {
    try connection.rows(
      """
      SELECT id, at, account, address, action, subject, detail FROM console.audit
      WHERE ($1::bigint IS NULL OR id < $1::bigint) AND ($2::text IS NULL OR account = $2)
        AND ($3::text IS NULL OR action = $3)
      ORDER BY id DESC LIMIT $4::integer
      """, [before.map { String($0) }, account, action, String(limit)]
    ).map { row in
      Entry(
        id: try row.text("id"), at: try row.text("at"), account: try row.optionalText("account"),
        address: try row.optionalText("address"), action: try row.text("action"),
        subject: try row.optionalText("subject"), detail: try row.text("detail"))
    }
  }

  /// Returns the accounts and the actions of all entries, sorted.
  public static func choices(on connection: inout Connection) throws -> (accounts: [String], actions: [String]) {
    let rows = try connection.rows("SELECT DISTINCT account, action FROM console.audit")
    return (
      Set(try rows.compactMap { try $0.optionalText("account") }).sorted(),
      Set(try rows.map { try $0.text("action") }).sorted()
    )
  }

  /// PostgreSQL does not accept NUL in text.
  private static func withoutNUL(_ text: String) -> String { text.replacing("\0", with: "␀") }
}

extension Connection {
  /// Runs `body` in the open transaction, or in a new one. So an action and its audit entry commit together.
  public mutating func joined<Answer>(_ body: (inout Connection) throws -> Answer) throws -> Answer {
    isInTransaction ? try body(&self) : try transaction { try body(&$0) }
  }
}
