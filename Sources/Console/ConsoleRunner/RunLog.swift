import FoundationEssentials
import Postgres

/// The log of a run, as its stages write it: one JSON object a line.
enum RunLog {
  /// The bytes of the log that the database keeps; of a longer log, the end.
  static let keptBytes = 256 << 10

  private struct Line: Decodable {
    let runID: String?
    enum CodingKeys: String, CodingKey { case runID = "run_id" }
  }

  /// Returns the run's identifier from the first line that has one, among the first 20.
  static func runID(_ log: String) -> String? {
    for line in log.split(separator: "\n").prefix(20) {
      if let id = (try? JSONDecoder().decode(Line.self, from: Data(line.utf8)))?.runID, id.utf8.count == 36 {
        return id
      }
    }
    return nil
  }

  /// Returns the summary if PostgreSQL accepts it as `jsonb`; nil if it is cut off, or has an escape such as `\u0000`
  /// that JSON allows and `jsonb` does not.
  static func summary(_ text: String?, on connection: inout Connection) throws -> String? {
    guard let text, !text.utf8.contains(0) else { return nil }
    do {
      _ = try connection.execute("SELECT $1::jsonb", [text])
      return text
    } catch let error as PostgresError where error.kind == .statement { return nil }
  }
}
