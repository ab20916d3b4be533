import Postgres

/// Several statements that see the registry as it is at one moment, and change nothing.
enum RegistrySnapshot {
  /// - Parameter statementTimeout: in place of the session's own, as PostgreSQL spells it.
  static func read<Answer>(
    _ connection: inout Connection, statementTimeout: String? = nil, _ body: (inout Connection) throws -> Answer
  ) throws -> Answer {
    // Compiling a plan takes longer than running it, for one page.
    var begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off"
    if let statementTimeout { begin += "; SET LOCAL statement_timeout = '\(statementTimeout)'" }
    return try connection.transaction(nil, begin, body)
  }
}
