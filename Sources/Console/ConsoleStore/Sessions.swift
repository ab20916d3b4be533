import Digest
import Postgres

/// A session of a logged-in user, or of a program with an API token.
public struct Session: Sendable, Equatable {
  public let account: String
  public let role: Role
  public let kind: Kind
  /// The token that each form of this session must contain, against cross-site request forgery.
  public let formToken: String

  public enum Kind: String, Sendable {
    /// The session's token is a cookie.
    case browser
    /// The token is in the Authorization header. It may only read.
    case api
  }
}

/// The sessions. The database has only a hash of each token, so a reader of the database cannot use a session.
public enum Sessions {
  /// How long a browser's session lasts.
  public static let browserSeconds = 12 * 3600
  /// How long an API token is valid.
  public static let apiSeconds = 365 * 24 * 3600

  /// Begins a browser's session after the password was checked.
  ///
  /// - Returns: the token; nil if the account was removed or its password changed since the check.
  public static func begin(_ account: Account, on connection: inout Connection) throws -> String? {
    do {
      return try begin(account.name, kind: .browser, passwordHash: account.checkedHash, on: &connection)
    } catch ConsoleStoreError.noSuchAccount { return nil }
  }

  /// Begins a session.
  ///
  /// - Returns: the token, which is not stored.
  /// - Throws: ``ConsoleStoreError/noSuchAccount(_:)``.
  public static func begin(_ account: String, kind: Session.Kind, on connection: inout Connection) throws -> String {
    try begin(account, kind: kind, passwordHash: nil, on: &connection)
  }

  /// Begins a session. FOR SHARE locks the account's row: a session and a change of the password wait for each other.
  private static func begin(
    _ account: String, kind: Session.Kind, passwordHash: String?, on connection: inout Connection
  ) throws -> String {
    let token = RandomBytes.token()
    let seconds = kind == .browser ? browserSeconds : apiSeconds
    try connection.execute("DELETE FROM console.session WHERE expires_at < now()")
    let made = try connection.execute(
      """
      INSERT INTO console.session (token_hash, account, kind, form_token, expires_at)
      SELECT $1, name, $3, $4, now() + $5::integer * interval '1 second' FROM console.account
      WHERE name = $2 AND ($6::text IS NULL OR password_hash = $6::text) FOR SHARE
      """, [hash(token), account, kind.rawValue, RandomBytes.token(), String(seconds), passwordHash]
    ).affected
    guard made == 1 else { throw ConsoleStoreError.noSuchAccount(account) }
    return token
  }

  /// Returns the session of a token; nil if there is none or it has expired.
  public static func find(_ token: String, kind: Session.Kind, on connection: inout Connection) throws -> Session? {
    guard token.utf8.count == 64 else { return nil }
    if kind == .api {
      // Updated at most once a minute, so that not every request writes.
      try connection.execute(
        """
        UPDATE console.session SET last_used_at = now()
        WHERE token_hash = $1 AND kind = 'api' AND expires_at > now()
          AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        """, [hash(token)])
    }
    let row = try connection.rows(
      """
      SELECT a.name, a.role, s.form_token FROM console.session s JOIN console.account a ON a.name = s.account
      WHERE s.token_hash = $1 AND s.kind = $2 AND s.expires_at > now()
      """, [hash(token), kind.rawValue]
    ).first
    return try row.map { row in
      Session(
        account: try row.text("name"), role: try row.value("role"), kind: kind, formToken: try row.text("form_token"))
    }
  }

  /// Ends a session.
  public static func end(_ token: String, on connection: inout Connection) throws {
    try connection.execute("DELETE FROM console.session WHERE token_hash = $1", [hash(token)])
  }

  /// An API token as listed.
  public struct Token: Sendable, Equatable {
    /// The first 12 digits of the token's hash, which do not reveal the token.
    public let id: String
    public let account: String
    public let createdAt: String
    /// When it was last used, to the minute; nil if never.
    public let lastUsedAt: String?
    public let expiresAt: String
  }

  private static let tokenID = "left(token_hash, 12)"

  /// Returns the valid API tokens, the oldest first.
  ///
  /// - Parameter account: nil for the tokens of all accounts.
  public static func tokens(of account: String?, on connection: inout Connection) throws -> [Token] {
    try connection.rows(
      """
      SELECT \(tokenID) AS id, account, created_at, last_used_at, expires_at FROM console.session
      WHERE kind = 'api' AND expires_at > now() AND ($1::text IS NULL OR account = $1) ORDER BY created_at, token_hash
      """, [account]
    ).map { row in
      Token(
        id: try row.text("id"), account: try row.text("account"), createdAt: try row.text("created_at"),
        lastUsedAt: try row.optionalText("last_used_at"), expiresAt: try row.text("expires_at"))
    }
  }

  /// Ends an API token.
  ///
  /// - Returns: its account.
  /// - Throws: ``ConsoleStoreError/noSuchToken(_:)``.
  public static func revoke(_ id: String, on connection: inout Connection) throws -> String {
    let accounts = try connection.texts(
      "DELETE FROM console.session WHERE kind = 'api' AND \(tokenID) = $1 RETURNING account", [id])
    guard let account = accounts.first else { throw ConsoleStoreError.noSuchToken(id) }
    return account
  }

  /// Returns the ID under which a token is listed.
  public static func id(of token: String) -> String { String(hash(token).prefix(12)) }

  private static func hash(_ token: String) -> String {
    var hash = SHA256()
    hash.update(token)
    return hash.finish()
  }
}

/// Random bytes from the kernel's generator.
public enum RandomBytes {
  /// Returns `count` random bytes.
  public static func make(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  /// Returns 256 random bits as 64 hexadecimal digits.
  public static func token() -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: make(32).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
