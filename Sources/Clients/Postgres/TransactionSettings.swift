import CLibPQ

/// Settings that apply to one transaction. Defaults of the database, the role or the session do not affect its
/// statements. A pooler's next client in the session finds none of these settings.
public struct TransactionSettings: Sendable {
  /// By name; see <https://www.postgresql.org/docs/current/runtime-config.html>.
  private var values: [String: String]
  /// A role other than the login's, by its bare name; `none` is the login's own.
  public var role: String?
  /// Whether a transaction may change nothing.
  public var isReadOnly = false

  /// - Parameter values: settings that replace the standard ones or are added to them.
  public init(_ values: [String: String] = [:]) {
    self.values = Self.standard.merging(values) { $1 }
  }

  public subscript(_ name: String) -> String? {
    get { values[name] }
    set { values[name] = newValue }
  }

  /// How long a statement waits for a lock: a forgotten lock must not block a run all night.
  public static let lockTimeout = "10min"

  private static let standard = [
    // A fixed form of text, independent of the server's defaults.
    "DateStyle": "ISO, YMD", "IntervalStyle": "iso_8601", "TimeZone": "UTC", "bytea_output": "hex",
    "extra_float_digits": "1", "standard_conforming_strings": "on", "quote_all_identifiers": "off",
    // These change what a statement means.
    "array_nulls": "on", "transform_null_equals": "off", "gin_fuzzy_search_limit": "0",
    // A policy that hides rows is an error: hidden rows must not count as missing.
    "row_security": "off",
    // No time limit for statements.
    "statement_timeout": "0", "lock_timeout": lockTimeout, "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0", "exit_on_error": "off",
    // If this process or the network is gone, the transaction ends soon, since others wait for its locks.
    "client_connection_check_interval": "1s", "tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
  ]

  /// Settings that only help: without them, the result is the same.
  private static let helpful: Set = [
    "client_connection_check_interval", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count",
    "synchronous_commit", "maintenance_work_mem", "work_mem",
  ]

  /// Leaves out what the server refuses: a setting that it does not know means nothing there, and one that only helps
  /// is not needed.
  ///
  /// - Parameter known: the names of the server's settings.
  /// - Returns: the names that are left out.
  mutating func leaveOut(unlessIn known: Set<String>, serverVersion: Int) -> [String] {
    let unknown = supported(serverVersion).keys.filter { !known.contains($0.lowercased()) }
    let refused = unknown.isEmpty ? values.keys.filter(Self.helpful.contains) : unknown
    for name in refused { values[name] = nil }
    return refused.sorted()
  }

  /// The server version that introduced a setting; all supported servers have the others.
  private static let since = ["client_connection_check_interval": 140_000, "transaction_timeout": 170_000]

  private func supported(_ serverVersion: Int) -> [String: String] {
    values.filter { Self.since[$0.key] ?? 0 <= serverVersion }
  }

  /// Begins a transaction and applies its settings, in one message. The last column of the answer is the server
  /// process.
  ///
  /// - Parameter quote: quotes a text as a literal.
  func begin(_ isolation: Isolation, serverVersion: Int, quote: (String) throws -> String) rethrows -> String {
    // The role comes last: it may lack the right to set the others.
    let all =
      supported(serverVersion).sorted { $0.key < $1.key }
      + (role.map { [("role", $0)] } ?? [])
    let calls = try all.map { name, value in
      "pg_catalog.set_config(\(try quote(name)), \(try quote(value)), true)"
    }
    return isolation.begin(isReadOnly: isReadOnly)
      + "; SELECT \((calls + ["pg_catalog.pg_backend_pid()"]).joined(separator: ", "))"
  }
}

/// The isolation level.
public enum Isolation: Sendable {
  /// Each statement sees what was committed before it.
  case readCommitted
  /// All statements see the database as it was at the first, and change nothing.
  case snapshot

  /// Everything is explicit: the database or the role may have other defaults.
  func begin(isReadOnly: Bool) -> String {
    switch self {
    case .readCommitted:
      "BEGIN ISOLATION LEVEL READ COMMITTED, READ \(isReadOnly ? "ONLY" : "WRITE"), NOT DEFERRABLE"
    case .snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY, NOT DEFERRABLE"
    }
  }
}
