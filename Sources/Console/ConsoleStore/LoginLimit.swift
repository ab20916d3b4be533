import Digest
import Postgres

/// The limit on log-in attempts in a quarter of an hour: 5 for a name from one address, 20 for an address. A name has
/// no limit over all addresses, since anyone could then lock its owner out.
public enum LoginLimit {
  public static let minutes = 15
  static let forNameAndAddress = 5
  static let forAddress = 20

  /// Whether a further attempt is allowed.
  public static func allows(_ name: String, from address: String, on connection: inout Connection) throws -> Bool {
    let failures = try connection.row(
      """
      SELECT count(*) FILTER (WHERE name = $1 AND address = $2) AS of_name, count(*) AS of_address
      FROM console.login_failure WHERE failed_at > now() - \(minutes) * interval '1 minute' AND address = $2
      """, [kept(name), address])
    return try failures.int("of_name") < forNameAndAddress && failures.int("of_address") < forAddress
  }

  /// Counts an attempt. It is counted before the password is checked, so that simultaneous attempts cannot pass the
  /// limit.
  public static func begin(_ name: String, from address: String, on connection: inout Connection) throws {
    try connection.execute("DELETE FROM console.login_failure WHERE failed_at < now() - interval '1 day'")
    try connection.execute("INSERT INTO console.login_failure (name, address) VALUES ($1, $2)", [kept(name), address])
  }

  /// Forgets the attempts after a log-in with the right password.
  public static func succeeded(_ name: String, from address: String, on connection: inout Connection) throws {
    try connection.execute("DELETE FROM console.login_failure WHERE name = $1 AND address = $2", [kept(name), address])
  }

  /// Returns 16 bits of the name's digest: enough to distinguish names, too few to recover a password that was typed
  /// into the wrong field.
  private static func kept(_ name: String) -> String { String(SHA256.of(Array(name.utf8)).prefix(4)) }
}
