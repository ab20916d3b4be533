import CommandKit
import Postgres
import Support

extension Failure {
  /// A trigger or rule of a user left rows of a statement out. Call it in the transaction, which is then rolled back.
  init(suppressedRowsOf table: String, _ session: borrowing Connection) {
    self.init(
      .configuration, "\(session.place): a trigger or rule on \(table) suppressed rows; nothing was published",
      hints: [
        "BEFORE trigger: let it RETURN NEW (on DELETE: RETURN OLD), or make it an AFTER trigger",
        "rule: use DO ALSO instead of DO INSTEAD",
      ])
  }

  /// Converts a database error to a load's failure, with hints for a load.
  package init(ofLoad error: PostgresError) {
    self.init(error)
    if let hint = Self.setupHint(error) {
      (category, hints) = (.configuration, [hint])
    } else if error.kind == .temporary, error.sqlState != "55P03" {
      hints = [Self.temporaryHint(error)]
    }
  }

  /// Converts any error to a failure. An unexpected one is a bug.
  init(from error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as PostgresError: self.init(ofLoad: error)
    case let refusal as Refusal: self = refusal.failure
    case let error as RestartLoad: self.init(.temporary, error.reason, hint: "run the same command again")
    default: self.init(.bug, "unexpected: \(error)", hint: "this is a bug: please report it with the line above")
    }
  }

  /// Returns the hint for a statement that failed because of the database's setup; nil for other errors.
  private static func setupHint(_ error: PostgresError) -> Hint? {
    switch error.sqlState {
    case "22P05": "the database's encoding cannot hold the data: create the database with ENCODING 'UTF8'"
    case "53400": "raise the limit of the role (ALTER ROLE … SET temp_file_limit) or of the server"
    case "22023" where !isInFunction(error):
      "correct the options in the database URL, in PGOPTIONS or in another PG… variable such as PGTZ"
    case "42P07", "42710", "42723", "42809", "42P13", "42P16":
      "an object of that name exists that load did not create: rename it, or load into another schema: postgresql://…?options=-csearch_path%3DSCHEMA"
    case "42P10": publicationHint
    // While a session is opened, it means that the database accepts no connections.
    case "55000" where error.kind == .statement: publicationHint
    case "P0001":
      "a trigger of yours on the tables, or an event trigger of the database, refuses this: correct or disable it"
    case "23505"
    where ["etl_job_run_pkey", "publication_pkey", "registration_correction_pkey"].contains(
      where: error.message.contains):
      "a sequence is behind its table, as after a restore of the data alone or on a promoted subscriber: for etl_job_run, publication and registration_correction, SELECT setval(pg_get_serial_sequence('TABLE', 'id'), (SELECT max(id) FROM TABLE))"
    case "23505"
    where ["incoming_registration_pkey", "tax_registration_pkey_bulk"].contains(where: error.message.contains):
      "the snapshot has a BAN twice: validate it again with \(command: .transform, "--force")"
    case let state? where state.hasPrefix("23"):
      "a constraint on the tables refuses the data, or a trigger or rule suppresses rows: correct or drop it"
    case _ where isInFunction(error):
      "the function belongs to a trigger, a rule or an index on the tables that is yours: correct or drop it"
    default: nil
    }
  }

  /// Whether a statement failed in a function. Those of a load call none with a body of its own.
  private static func isInFunction(_ error: PostgresError) -> Bool {
    error.kind == .statement && error.context?.contains("function") ?? false
  }

  private static let publicationHint: Hint =
    "if a publication does not fit the table, publish the table without row filter and column list, and set ALTER TABLE … REPLICA IDENTITY DEFAULT (docs/database-settings.md); otherwise undo what was changed on the table by hand"

  private static func temporaryHint(_ error: PostgresError) -> Hint {
    if error.isShortOfSessions {
      // One to publish, one to hold the lock, one worker. More are for further workers, the heartbeat, and to check an
      // idle session.
      return "a load needs 3 sessions at once, and uses up to --jobs + 4: raise the limit of the role"
        + " (ALTER ROLE … CONNECTION LIMIT), of the server (max_connections) or of the pooler (default_pool_size,"
        + " max_client_conn)"
    }
    if error.sqlState == "08P01" {
      return
        "if the pooler timed out, set its query_timeout and idle_transaction_timeout to 0 (docs/database-settings.md);"
        + " otherwise run the same command again"
    }
    return "run the same command again once the database answers: it skips the batches that are already loaded"
  }
}

/// The registry or the publication changed during the load: the load restarts in the same job run.
struct RestartLoad: Error {
  let reason: String
}
