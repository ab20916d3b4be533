import FoundationEssentials
import Postgres

/// The log of a run, as its stages write it: a JSON object a line.
enum RunLog {
  /// What is kept of it in the database: of a longer one the end.
  static let keptBytes = 256 << 10

  private struct Line: Decodable {
    let runID: String?
    enum CodingKeys: String, CodingKey { case runID = "run_id" }
  }

  /// The run's identifier, from the first line that has one.
  static func runID(_ log: String) -> String? {
    for line in log.split(separator: "\n").prefix(20) {
      if let id = (try? JSONDecoder().decode(Line.self, from: Data(line.utf8)))?.runID, id.utf8.count == 36 {
        return id
      }
    }
    return nil
  }

  /// The summary, where it is a JSON document that the database takes: it may be cut short, or hold what JSON may and
  /// the database may not.
  static func summary(_ text: String?, on connection: inout Connection) throws -> String? {
    guard let text, !text.utf8.contains(0) else { return nil }
    do {
      _ = try connection.execute("SELECT $1::jsonb", [text])
      return text
    } catch let error as PostgresError where error.kind == .statement { return nil }
  }
}
