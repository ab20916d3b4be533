import CommandKit
import Postgres
import Support

extension Failure {
  /// What an error of the database means to a load.
  package init(ofLoad error: PostgresError) {
    self.init(error)
    if let hint = Self.setupHint(error) {
      (category, hints) = (.configuration, [hint])
    } else if error.kind == .temporary, error.sqlState != "55P03" {
      hints = [Self.temporaryHint(error)]
    }
  }

  /// Any error as a failure. An unexpected one is a bug.
  init(from error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as PostgresError: self.init(ofLoad: error)
    case let refusal as Refusal: self = refusal.failure
    case let error as RestartLoad: self.init(.temporary, error.reason, hint: "run the same command again")
    default: self.init(.bug, "unexpected: \(error)", hint: "this is a bug: please report it with the line above")
    }
  }

  /// Hints for statements that fail because of the database's setup.
  private static func setupHint(_ error: PostgresError) -> Hint? {
    switch error.sqlState {
    case "22P05": "the database's encoding cannot hold the data: make it with ENCODING 'UTF8'"
    case "53400": "raise that limit of the role: ALTER ROLE … SET temp_file_limit, or the server's"
    case "22023": "correct the options in the database URL, in PGOPTIONS or in another PG… variable such as PGTZ"
    case "42P07", "42710", "42723", "42809":
      "something of that name is there that is not ours: move it, or load into a schema of its own: postgresql://…?options=-csearch_path%3DSCHEMA"
    case "P0001":
      "a trigger of yours on the tables, or an event trigger of the database, refuses this: correct or disable it"
    case "23505"
    where ["etl_job_run_pkey", "publication_pkey", "registration_correction_pkey"].contains(
      where: error.message.contains):
      "a sequence is behind its table, as after a restore of the data alone or on a promoted subscriber: for etl_job_run, publication and registration_correction, SELECT setval(pg_get_serial_sequence('TABLE', 'id'), (SELECT max(id) FROM TABLE))"
    case "23505"
    where ["incoming_registration_pkey", "tax_registration_pkey_bulk"].contains(where: error.message.contains):
      "the snapshot has a BAN twice: \(command: .transform, "--force") validates it again"
    case let state? where state.hasPrefix("23"):
      "a constraint of yours on the tables refuses the data: correct or drop it"
    default: nil
    }
  }

  private static func temporaryHint(_ error: PostgresError) -> Hint {
    if isShortOfSessions(error) {
      // The workers' sessions, the one that publishes, those of the lock and of the heartbeat, and one that checks
      // whether a silent session still works.
      return "a load needs up to --jobs + 4 sessions at once: run it with --jobs 1, or raise the limit of the role"
        + " (ALTER ROLE … CONNECTION LIMIT), of the server (max_connections) or of the pooler (default_pool_size,"
        + " max_client_conn)"
    }
    if error.sqlState == "08P01" {
      return
        "where this is a time-out of the pooler, set its query_timeout and idle_transaction_timeout to 0 (docs/database-settings.md);"
        + " otherwise run the same command again"
    }
    return "run the same command again once the database answers: it goes on past the batches that are in"
  }

  /// pgbouncer has one SQLSTATE for nearly all its errors.
  private static func isShortOfSessions(_ error: PostgresError) -> Bool {
    error.sqlState == "53300"
      || error.sqlState == "08P01"
        && ["query_wait_timeout", "no more connections allowed"].contains { error.message.contains($0) }
  }
}

/// The registry or the publication changed during the load: the load restarts in the same job run.
struct RestartLoad: Error {
  let reason: String
}
