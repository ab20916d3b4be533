import Postgres

/// The rights of an account.
public enum Role: String, Sendable, CaseIterable {
  /// May read everything.
  case viewer
  /// May also start, stop, accept, roll back and schedule.
  case `operator`
}

/// An account of the console.
public struct Account: Sendable, Equatable {
  public let name: String
  public let role: Role
  public let createdAt: String
  /// The password hash that was checked. A session begins only if it is still the account's hash.
  var checkedHash: String?
}

/// The accounts of the console. There is no default account.
public enum Accounts {
  public static func count(on connection: inout Connection) throws -> Int {
    try connection.int("SELECT count(*) FROM console.account")
  }

  public static func list(on connection: inout Connection) throws -> [Account] {
    try connection.rows("SELECT name, role, created_at FROM console.account ORDER BY name").map { row in
      Account(name: try row.text("name"), role: try row.value("role"), createdAt: try row.text("created_at"))
    }
  }

  /// Adds an account.
  ///
  /// - Parameter role: nil makes the first account an operator and every later one a viewer.
  /// - Returns: the account's role.
  /// - Throws: ``ConsoleStoreError`` if the name or the password is not accepted, or the account exists.
  @discardableResult
  public static func add(_ name: String, role: Role?, password: String, on connection: inout Connection) throws -> Role
  {
    guard isName(name) else { throw ConsoleStoreError.badName(name) }
    guard !CommonPasswords.contain(password, of: name) else { throw ConsoleStoreError.passwordTooCommon }
    let hash = try PasswordHash(password: password)
    return try connection.joined { connection in
      // Without the lock, two accounts that are added at once could both count as the first.
      try connection.execute("LOCK TABLE console.account IN SHARE ROW EXCLUSIVE MODE")
      let given = try role ?? (count(on: &connection) == 0 ? .operator : .viewer)
      let added = try connection.execute(
        "INSERT INTO console.account (name, role, password_hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        [name, given.rawValue, hash.text]
      ).affected
      guard added == 1 else { throw ConsoleStoreError.accountExists(name) }
      return given
    }
  }

  /// Sets a password, and ends the account's sessions and tokens.
  public static func setPassword(_ name: String, _ password: String, on connection: inout Connection) throws {
    guard !CommonPasswords.contain(password, of: name) else { throw ConsoleStoreError.passwordTooCommon }
    let hash = try PasswordHash(password: password)
    try connection.joined { connection in
      let changed = try connection.execute(
        "UPDATE console.account SET password_hash = $2, password_changed_at = now() WHERE name = $1", [name, hash.text]
      ).affected
      guard changed == 1 else { throw ConsoleStoreError.noSuchAccount(name) }
      try connection.execute("DELETE FROM console.session WHERE account = $1", [name])
    }
  }

  /// Removes an account, with its sessions and tokens.
  public static func remove(_ name: String, on connection: inout Connection) throws {
    let removed = try connection.execute("DELETE FROM console.account WHERE name = $1", [name]).affected
    guard removed == 1 else { throw ConsoleStoreError.noSuchAccount(name) }
  }

  public static func exists(_ name: String, on connection: inout Connection) throws -> Bool {
    guard isName(name) else { return false }
    return try connection.bool("SELECT EXISTS (SELECT FROM console.account WHERE name = $1)", [name])
  }

  /// Returns the account if name and password are right, else nil. An unknown name takes as long as a wrong password.
  public static func check(_ name: String, _ password: String, on connection: inout Connection) throws -> Account? {
    let row = try connection.rows(
      "SELECT name, role, created_at, password_hash FROM console.account WHERE name = $1", [isName(name) ? name : ""]
    ).first
    let hash = PasswordHash(stored: try row?.text("password_hash") ?? nobody)
    guard hash.matches(password), let row else { return nil }
    return Account(
      name: try row.text("name"), role: try row.value("role"), createdAt: try row.text("created_at"),
      checkedHash: hash.text)
  }

  /// A hash that no password matches. It costs as much to check as any other.
  private static let nobody =
    "$scrypt$ln=15,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

  /// Whether it is a valid name: up to 64 ASCII letters, digits and `. _ @ -`, beginning with a letter or a digit.
  public static func isName(_ name: String) -> Bool {
    guard 1...64 ~= name.utf8.count, name.utf8.first.map(isAlphanumeric) == true else { return false }
    return name.utf8.allSatisfy { isAlphanumeric($0) || "._@-".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
