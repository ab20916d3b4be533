import Digest
import Postgres

/// How often somebody may try to log in in a quarter of an hour: a name from one address five times, an address twenty
/// times. A name from everywhere has no limit: anybody could lock its owner out.
public enum LoginLimit {
  public static let minutes = 15
  static let forNameAndAddress = 5
  static let forAddress = 20

  public static func allows(_ name: String, from address: String, on connection: inout Connection) throws -> Bool {
    let failures = try connection.row(
      """
      SELECT count(*) FILTER (WHERE name = $1 AND address = $2) AS of_name, count(*) AS of_address
      FROM console.login_failure WHERE failed_at > now() - \(minutes) * interval '1 minute' AND address = $2
      """, [kept(name), address])
    return try failures.int("of_name") < forNameAndAddress && failures.int("of_address") < forAddress
  }

  /// Counts an attempt before it is checked, so that attempts at once do not slip through together.
  public static func begin(_ name: String, from address: String, on connection: inout Connection) throws {
    try connection.execute("DELETE FROM console.login_failure WHERE failed_at < now() - interval '1 day'")
    try connection.execute("INSERT INTO console.login_failure (name, address) VALUES ($1, $2)", [kept(name), address])
  }

  /// The attempt was none: the password was right.
  public static func succeeded(_ name: String, from address: String, on connection: inout Connection) throws {
    try connection.execute("DELETE FROM console.login_failure WHERE name = $1 AND address = $2", [kept(name), address])
  }

  /// Sixteen bits of the name's digest: enough to tell names apart, too few to find out a password that was typed into
  /// the wrong field.
  private static func kept(_ name: String) -> String { String(SHA256.of(Array(name.utf8)).prefix(4)) }
}
