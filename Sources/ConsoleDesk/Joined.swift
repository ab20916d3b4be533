import Postgres

extension Connection {
  /// Runs `body` in the transaction that is open, or in one of its own: an action and its entry in the audit are one.
  public mutating func joined<Answer>(_ body: (inout Connection) throws -> Answer) throws -> Answer {
    isInTransaction ? try body(&self) : try transaction { try body(&$0) }
  }
}
