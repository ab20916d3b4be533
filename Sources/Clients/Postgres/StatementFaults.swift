import FaultInjection
import Glibc

extension Connection {
  /// Returns the statement's name as a fault point; nil if no fault or hook is active.
  func faultName(_ sql: String) -> String? { isObserved ? StatementName.of(sql) : nil }

  private var isObserved: Bool { hasFaultPoints && (faultHook != nil || Faults.isActive) }

  /// Injects the requested faults before or after a statement that changes the database.
  func injectFaults(_ side: FaultSide, _ statement: String?) throws {
    guard let statement, isObserved else { return }
    let point = FaultPoint.statement(statement, in: transactionName)
    try faultHook?(side, point)
    switch Faults.at(side, of: point) {
    case .terminateBefore, .terminateAfter: try terminate()
    case .diskFull:
      throw PostgresError(
        .serverDiskFull, sqlState: "53100", message: "could not extend file: no space left on device", place: place)
    case .loseAnswer:
      throw PostgresError(.temporary, message: "the answer to '\(statement)' was lost", place: place)
    default: break
    }
  }

  /// Terminates this session from another one, and waits until it is gone.
  private func terminate() throws {
    var session = try Connection.open(target, applicationName: "registry-fault")
    try session.execute("SELECT pg_terminate_backend(\(processID))")
    let isThere = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = \(processID))"
    while try session.bool(isThere) { usleep(1000) }
  }
}

/// Derives a statement's name from its text.
enum StatementName {
  /// - Returns: nil for a statement that changes nothing.
  static func of(_ sql: String) -> String? {
    var words = sql.split(separator: "\n").filter { !$0.hasPrefix("--") }
      .flatMap { $0.split(whereSeparator: { " (,;".contains($0) }) }[...]
    guard let verb = words.popFirst()?.uppercased() else { return nil }
    switch verb {
    case "BEGIN", "COMMIT": return verb.lowercased()
    case "SELECT", "SET", "SHOW", "ROLLBACK", "RESET", "VALUES": return nil
    case "WITH" where words.allSatisfy({ !["INSERT", "UPDATE", "DELETE", "MERGE"].contains($0) }): return nil
    case "WITH": return verb
    case "GRANT", "REVOKE", "DO": return verb
    case "COPY" where sql.hasPrefix("COPY ("): return nil
    default:
      var name = [verb]
      // Up to the first word that is not an SQL keyword: the object that is changed.
      while let word = words.popFirst() {
        if ["INTO", "FROM", "ON", "IF", "NOT", "EXISTS", "OR", "REPLACE"].contains(word) { continue }
        name.append(String(word))
        if !["TABLE", "INDEX", "UNIQUE", "FUNCTION", "COLUMN", "ONLY", "VIEW"].contains(word) { break }
      }
      return name.joined(separator: " ")
    }
  }
}
