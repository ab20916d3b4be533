import Digest
import Postgres

/// Somebody who is in.
public struct Session: Sendable, Equatable {
  public let account: String
  public let role: Role
  public let kind: Kind
  /// What each form of this session has to bring along.
  public let formToken: String

  public enum Kind: String, Sendable {
    /// A cookie.
    case browser
    /// A token in the Authorization header, which may only read.
    case api
  }
}

/// Who is in. The database has a hash of each token, so that whoever reads it is not in.
public enum Sessions {
  /// A browser's session ends by itself after this time.
  public static let browserSeconds = 12 * 3600
  /// A program's token.
  public static let apiSeconds = 365 * 24 * 3600

  /// Begins a browser's session for somebody whose password was right.
  ///
  /// - Returns: the token; nil where the account has got another password since, or is gone.
  public static func begin(_ account: Account, on connection: inout Connection) throws -> String? {
    do {
      return try begin(account.name, kind: .browser, passwordHash: account.checkedHash, on: &connection)
    } catch DeskError.noSuchAccount { return nil }
  }

  /// - Returns: the token; it is nowhere else.
  public static func begin(_ account: String, kind: Session.Kind, on connection: inout Connection) throws -> String {
    try begin(account, kind: kind, passwordHash: nil, on: &connection)
  }

  /// The row's lock has it wait for a password that is being set, and the setting of one wait for it.
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
    guard made == 1 else { throw DeskError.noSuchAccount(account) }
    return token
  }

  public static func find(_ token: String, kind: Session.Kind, on connection: inout Connection) throws -> Session? {
    guard token.utf8.count == 64 else { return nil }
    let row = try connection.execute(
      """
      SELECT a.name, a.role, s.form_token FROM console.session s JOIN console.account a ON a.name = s.account
      WHERE s.token_hash = $1 AND s.kind = $2 AND s.expires_at > now()
      """, [hash(token), kind.rawValue]
    ).values.first
    guard let row, let name = row[0], let role = row[1].flatMap({ Role(rawValue: $0) }), let formToken = row[2] else {
      return nil
    }
    return Session(account: name, role: role, kind: kind, formToken: formToken)
  }

  public static func end(_ token: String, on connection: inout Connection) throws {
    try connection.execute("DELETE FROM console.session WHERE token_hash = $1", [hash(token)])
  }

  private static func hash(_ token: String) -> String {
    var hash = SHA256()
    hash.update(token)
    return hash.finish()
  }
}
