import CommandKit
import Postgres
import Support

extension Failure {
  /// What an answer of the database means for whoever runs the command.
  package init(_ error: PostgresError) {
    var what = "\(error.place): \(error.message)"
    if let detail = error.detail { what += " (\(detail))" }
    if let context = error.context?.split(separator: "\n").first { what += ", at \(context)" }
    if let sqlState = error.sqlState { what += ", SQLSTATE \(sqlState)" }
    if let hint = Failure.settingHint(error) {
      self.init(.configuration, what, hint: hint)
    } else {
      self.init(Failure.category(error.kind), what, hints: Failure.hints(error))
    }
  }

  /// Any error as a failure; one that nobody foresaw is a bug of ours.
  init(from error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as PostgresError: self.init(error)
    case let refusal as Refusal: self = refusal.failure
    case let error as StartOver: self.init(.temporary, error.reason, hint: "run the same command again")
    default: self.init(.bug, "unexpected: \(error)", hint: "this is a bug: please report it with the line above")
    }
  }

  /// Statements that fail because of how somebody set the database up, not because of us.
  private static func settingHint(_ error: PostgresError) -> Hint? {
    switch error.sqlState {
    case "22P05": "the database's encoding cannot hold the data: make it with ENCODING 'UTF8'"
    case "22023": "correct the options in the database URL"
    case "42P07", "42710", "42723", "42809":
      "something of that name is there that is not ours: move it, or load into a schema of its own: postgresql://…?options=-csearch_path%3DSCHEMA"
    case "P0001":
      "a trigger of yours on the tables, or an event trigger of the database, refuses this: correct or disable it"
    case let state? where state.hasPrefix("23"):
      "a constraint of yours on the tables refuses the data: correct or drop it"
    default: nil
    }
  }

  private static func category(_ kind: PostgresError.Kind) -> ExitCategory {
    switch kind {
    case .malformed: .usage
    case .temporary, .serverDiskFull: .temporary
    case .refused, .untrusted, .denied: .unavailable
    case .pooled: .configuration
    case .statement: .bug
    }
  }

  /// pgbouncer has one SQLSTATE for nearly all its errors.
  private static func isShortOfSessions(_ error: PostgresError) -> Bool {
    error.sqlState == "53300"
      || error.sqlState == "08P01"
        && ["query_wait_timeout", "no more connections allowed"].contains { error.message.contains($0) }
  }

  private static func hints(_ error: PostgresError) -> [Hint] {
    switch error.kind {
    case .malformed:
      ["the form is postgresql://USER@HOST:PORT/DATABASE, with special characters percent-encoded"]
    case .temporary where error.sqlState == "55P03":
      ["somebody else holds the lock that was waited for: pg_stat_activity shows who, then run the same command again"]
    case .temporary where isShortOfSessions(error):
      // The workers' sessions, the one that publishes, those of the lock and of the heartbeat, and one that checks
      // whether a silent session still works.
      [
        "a load needs up to --jobs + 4 sessions at once: run it with --jobs 1, or raise the limit of the role"
          + " (ALTER ROLE … CONNECTION LIMIT), of the server (max_connections) or of the pooler (default_pool_size,"
          + " max_client_conn)"
      ]
    case .temporary where error.sqlState == "08P01":
      [
        "where this is a time-out of the pooler, set its query_timeout and idle_transaction_timeout to 0 (docs/database.md);"
          + " otherwise run the same command again"
      ]
    case .temporary:
      ["run the same command again once the database answers: it goes on past the batches that are in"]
    case .serverDiskFull:
      ["free some space on the database server, then run the same command again"]
    case .denied:
      ["GRANT the user the role that it needs, or run docs/roles.sql again: docs/database.md says who may do what"]
    case .statement:
      ["this is a bug, unless somebody changed the tables by hand: please report it with the line above"]
    case .pooled:
      [
        "the server is behind a pooler: name its session or transaction mode, or the server's own port, in the database"
          + " URL, and give a schema with ALTER ROLE … SET search_path instead of options (docs/database.md)"
      ]
    case .untrusted:
      [
        "check sslmode, sslrootcert and sslcert (docs/database.md), and whether the certificate is of that host and in force:"
          + " openssl s_client -starttls postgres -connect HOST:PORT -CAfile ROOT.crt"
      ]
    case .refused:
      switch error.sqlState {
      case "3D000": ["create it, for instance with createdb, or correct the database URL"]
      case "25006": ["this is a standby, or it is read-only: name the primary in the database URL"]
      case "28000":
        [
          "check the user in DATABASE_URL, and what the server's pg_hba.conf asks of it: TLS (sslmode=require), a certificate"
        ]
      case "28P01", nil: ["check the user in DATABASE_URL and its password (PGPASSFILE)"]
      default: ["look at the log of the database server"]
      }
    }
  }
}

/// What a load relied on has changed under it: the load begins anew, in the same job run.
struct StartOver: Error {
  let reason: String
}
