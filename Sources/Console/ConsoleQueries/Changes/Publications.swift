import Postgres

/// The days of the loads that count: neither a load that a rollback undid nor a correction gives the day of the data.
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
      "SELECT \(sql) AS day FROM publication WHERE action = 'load' AND job_run_id <> ALL ($1::bigint[])",
      [UndonePublications.read(&connection).array]
    ).optionalText("day")
  }
}
