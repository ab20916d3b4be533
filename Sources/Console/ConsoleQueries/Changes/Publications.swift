import Postgres

/// The days of publications that count: a day that a rollback undid is not the day of the data.
public enum Publications {
  /// Returns the latest day, ISO 8601; nil if nothing is published.
  public static func newestDay(on connection: inout Connection) throws -> String? {
    try day("max(as_of_date)", &connection)
  }

  /// Returns the first day of the week that ends with the newest day.
  public static func weekBegins(on connection: inout Connection) throws -> String? {
    try day("max(as_of_date) - 6", &connection)
  }

  private static func day(_ sql: String, _ connection: inout Connection) throws -> String? {
    try connection.row(
      "SELECT \(sql) AS day FROM publication WHERE job_run_id <> ALL ($1::bigint[])",
      [UndonePublications.read(&connection).array]
    ).optionalText("day")
  }
}
