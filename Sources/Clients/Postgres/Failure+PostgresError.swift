import Support

extension Failure {
  /// Describes a database error for the user of a command. A caller that knows more replaces the category or the hints.
  public init(_ error: PostgresError) {
    var what = "\(error.place): \(error.message)"
    if let detail = error.detail { what += " (\(detail))" }
    let context = error.context?.split(separator: "\n") ?? []
    // The function says more than its statement.
    if let place = context.first(where: { $0.contains(" function ") }) ?? context.first { what += ", at \(place)" }
    if let sqlState = error.sqlState { what += ", SQLSTATE \(sqlState)" }
    let (category, hint) = Self.meaning(of: error)
    self.init(category, what, hint: hint)
  }

  private static func meaning(of error: PostgresError) -> (ExitCategory, Hint) {
    switch error.kind {
    case .malformed:
      (.usage, "use postgresql://USER@HOST:PORT/DATABASE, with special characters percent-encoded")
    case .userless: (.usage, "name the user in the database URL: postgresql://USER@HOST:PORT/DATABASE")
    case .temporary where error.sqlState == "55P03":
      (
        .temporary,
        "another session or a prepared transaction holds the lock: find it in pg_stat_activity or pg_prepared_xacts, end it or let it finish, then run the same command again"
      )
    case .temporary: (.temporary, "run the same command again once the database answers")
    case .serverDiskFull: (.temporary, "free some space on the database server, then run the same command again")
    case .denied:
      (
        .unavailable,
        "GRANT the user the role that it needs, or run docs/roles.sql again (docs/database.md)"
      )
    case .statement:
      (.bug, "this is a bug, unless the tables were changed by hand: please report it with the line above")
    case .pooled: (.configuration, poolerHint(error.message))
    case .untrusted:
      (
        .unavailable,
        "check sslmode, channel_binding, gssencmode, sslrootcert and sslcert (docs/database.md), and whether the certificate is valid for that host:"
          + " openssl s_client -starttls postgres -connect HOST:PORT -CAfile ROOT.crt"
      )
    case .refused where ["42", "22"].contains(error.sqlState?.prefix(2)):
      (.configuration, "correct the options in the database URL or in PGOPTIONS")
    case .refused: (.unavailable, refusalHint(error.sqlState))
    }
  }

  private static func poolerHint(_ message: String) -> Hint {
    if message.contains("PQexec disallowed") {
      return "set disable_pqexec = 0 in the pooler's settings (docs/database-settings.md)"
    }
    if message.contains("bad packet header") {
      return "raise max_packet_size in the pooler's settings, or leave it out (docs/database-settings.md)"
    }
    return
      "the server is behind a pooler: name its session or transaction mode, or the server's own port, in the database"
      + " URL, and give a schema with ALTER ROLE … SET search_path instead of options (docs/database-settings.md)"
  }

  private static func refusalHint(_ sqlState: String?) -> Hint {
    switch sqlState {
    case "3D000": "create it, for instance with createdb, or correct the database URL"
    case "25006": "this is a standby, or it is read-only: name the primary in the database URL"
    case "28000":
      "check the user in DATABASE_URL, and what the server's pg_hba.conf requires: TLS (sslmode=require), a certificate"
    case "55000": "the database does not accept connections: ALTER DATABASE … ALLOW_CONNECTIONS true"
    case "54000":
      "if the server has no transaction IDs left, read its log and vacuum the databases that it names; if a value is too long for an index of yours, drop that index"
    case "28P01": "check the user in DATABASE_URL and its password (PGPASSFILE)"
    case "08P01":
      "check user, password and database in DATABASE_URL, and the pooler's entries for them ([databases], auth_file, auth_query)"
    case nil:
      "check host, port, user and password in DATABASE_URL (PGPASSFILE), and whether PostgreSQL is running there"
    default: "read the log of the database server"
    }
  }
}
