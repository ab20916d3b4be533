import Postgres

/// Several statements that see the registry as it is at one moment, and change nothing.
enum RegistrySnapshot {
  static func read<Answer>(
    _ connection: inout Connection, _ body: (inout Connection) throws -> Answer
  ) throws -> Answer {
    try connection.transaction(nil, .snapshot, body)
  }
}
