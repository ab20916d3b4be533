import Postgres

/// Several statements that see the registry as it is at one moment, and change nothing.
enum RegistrySnapshot {
  static func read<Answer>(
    _ connection: inout Connection, _ body: (inout Connection) throws -> Answer
  ) throws -> Answer {
    // Compiling a plan takes longer than running it, for one page.
    try connection.transaction(nil, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off", body)
  }
}
