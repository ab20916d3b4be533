import Postgres

/// The days of publications.
public enum Publications {
  /// Returns the latest day from which a publication counts, ISO 8601; nil if nothing is published.
  public static func newestDay(on connection: inout Connection) throws -> String? {
    try connection.row("SELECT max(as_of_date) AS day FROM publication").optionalText("day")
  }

  /// Returns the first day of the week that ends with the newest day.
  public static func weekBegins(on connection: inout Connection) throws -> String? {
    try connection.row("SELECT max(as_of_date) - 6 AS day FROM publication").optionalText("day")
  }
}
