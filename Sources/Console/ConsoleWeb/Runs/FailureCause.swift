/// A known cause of a failure, recognised in the pipeline's message, which is in English.
///
/// Messages have the numbers of libcurl's errors, of HTTP and of PostgreSQL (SQLSTATE), and the texts of the system's
/// errors. The texts of a cause are `run_cause_…` and `run_cause_…_do`.
package enum FailureCause {
  /// The causes by the key of their text. The first match counts.
  private static let fragments: [(key: String, fragments: [String])] = [
    ("killed", ["was killed by signal "]),
    ("name", ["(curl 6)"]),
    ("proxy", ["(curl 5)", "(curl 97)", "the server answers 407", "the proxy refuses"]),
    ("refused", ["(curl 7)"]),
    ("timeout", ["(curl 28)", "(--timeout)"]),
    ("certificate", ["(curl 60)", "(curl 77)", "(curl 83)"]),
    ("cut", ["(curl 16)", "(curl 18)", "(curl 35)", "(curl 52)", "(curl 55)", "(curl 56)", "(curl 92)"]),
    ("not_found", ["the server answers 404", "the server answers 410"]),
    ("forbidden", ["the server answers 401", "the server answers 403"]),
    ("server", ["the server answers 408", "the server answers 429", "the server answers 5"]),
    ("answer", ["the server answers "]),
    ("insecure", ["(curl 1)", "plain http to "]),
    ("no_file", ["there is no file '", "is not a regular file"]),
    ("snapshot_name", ["is not a snapshot's name"]),
    ("database_url", ["the database URL is not valid"]),
    ("too_large", ["more than --max-bytes"]),
    ("not_source", ["the source is refused: "]),
    ("database_disk", ["SQLSTATE 53100"]),
    (
      "disk",
      ["no space left on device", "disk quota exceeded", " free, but a source of ", " free, but an archive of "]
    ),
    ("other_run", ["another run holds the lock", "another fetch is running", "another run reads"]),
    (
      "database_login",
      ["password authentication failed", "no password supplied", "no pg_hba.conf entry", "SQLSTATE 28"]
    ),
    ("database_none", ["SQLSTATE 3D000"]),
    ("database_rights", ["SQLSTATE 42501"]),
    ("database_read_only", ["SQLSTATE 25006"]),
    ("database_full", ["SQLSTATE 53300", "too many clients already", "remaining connection slots"]),
    ("database_name", ["could not translate host name"]),
    ("database_refused", ["Connection refused", "Is the server running", "no connection within"]),
    (
      "database_lost",
      ["server closed the connection", "the connection is lost", "SQLSTATE 57P", "the database did not answer"]
    ),
    ("rights", ["permission denied"]),
    ("read_only", ["read-only file system"]),
  ]

  /// The keys of all causes.
  package static let keys = fragments.map(\.key)

  /// Returns what a message has in quotes, such as the path of a file; nil if it has nothing in quotes.
  package static func quoted(_ message: String) -> String? {
    guard let first = message.firstIndex(of: "'"), let last = message.lastIndex(of: "'"), first < last else {
      return nil
    }
    return String(message[message.index(after: first)..<last])
  }

  /// Returns the cause's key; nil if the message is of another cause.
  package static func key(of message: String) -> String? {
    fragments.first { $0.fragments.contains { message.contains($0) } }?.key
  }
}
