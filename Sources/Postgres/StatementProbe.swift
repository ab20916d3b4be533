/// Called on both sides of each statement that changes something in the database; what it throws takes the place of the
/// statement, or of its answer. For proofs of what happens where a statement fails.
public typealias StatementProbe = @Sendable (StatementMoment) throws -> Void

/// A side of a statement.
public struct StatementMoment: Sendable {
  public let isOver: Bool
  /// The name of the transaction that it stands in; nil for none.
  public let transaction: String?
  /// Its verb and what it changes, for instance `INSERT publication`; `begin` and `commit`.
  public let statement: String
  /// The server process behind the session.
  public let processID: Int32
  public let place: String
}

extension Connection {
  func probe(_ statement: String?, isOver: Bool) throws {
    guard let probe, let statement else { return }
    try probe(
      StatementMoment(
        isOver: isOver, transaction: transactionName, statement: statement, processID: processID, place: place))
  }
}

/// What a statement is called, told from its text.
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
      // Up to the first word that is no word of SQL's own: what is changed.
      while let word = words.popFirst() {
        if ["INTO", "FROM", "ON", "IF", "NOT", "EXISTS"].contains(word) { continue }
        name.append(String(word))
        if !["TABLE", "INDEX", "UNIQUE", "FUNCTION", "COLUMN", "ONLY"].contains(word) { break }
      }
      return name.joined(separator: " ")
    }
  }
}
