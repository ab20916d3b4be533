/// An error of the server, or of the connection to it.
public struct PostgresError: Error, Sendable, Equatable {
  /// Whether a retry can help, and what has to change first.
  public enum Kind: Sendable, Equatable {
    /// The connection string is malformed; no connection was attempted.
    case malformed
    /// The connection string names no user, and the user of this process has no name; no connection was attempted.
    case userless
    /// Retryable: not reachable, shutting down, deadlock, out of connections or memory.
    case temporary
    /// The server's disk is full.
    case serverDiskFull
    /// Not retryable until the cause is removed: wrong password, no such database, server too old, read-only.
    case refused
    /// Not retryable: a certificate was refused, or TLS is not available.
    case untrusted
    /// A pooler refuses what a session needs: transactions, its statements, or a parameter of the connection string.
    case pooled
    /// The user lacks a privilege.
    case denied
    /// The statement or the data in it is wrong.
    case statement
  }

  public var kind: Kind
  /// Five characters; nil for connection errors for which the server gave none.
  public var sqlState: String?
  /// One line, without secrets.
  public var message: String
  public var detail: String?
  /// Where it happened, for instance `COPY incoming_registration, line 3, column setup_date: "x"`.
  public var context: String?
  /// Host, database and user.
  public var place: String

  public init(
    _ kind: Kind, sqlState: String? = nil, message: String, detail: String? = nil, context: String? = nil, place: String
  ) {
    self.kind = kind
    self.sqlState = sqlState
    self.message = message
    self.detail = detail
    self.context = context
    self.place = place
  }
}

extension PostgresError {
  /// Whether the server or a pooler grants no further session. PgBouncer has one SQLSTATE for nearly all its errors.
  public var isShortOfSessions: Bool {
    sqlState == "53300"
      || sqlState == "08P01"
        && ["query_wait_timeout", "no more connections allowed"].contains { message.contains($0) }
  }
}

extension PostgresError.Kind {
  /// Classifies by SQLSTATE, since messages are translated and change between versions. pgbouncer is the exception: it
  /// uses one code for nearly all errors, and does not translate.
  public init(sqlState: String, message: String = "") {
    switch sqlState {
    case "08P01" where message.contains("unsupported startup parameter"): self = .pooled
    case "08P01"
    where ["transaction blocks not allowed", "PQexec disallowed", "bad packet header"].contains(where: message.contains):
      self = .pooled
    case "08P01"
    where ["no such user", "no such database", "authentication failed", "does not exist", "is disabled"]
      .contains(where: message.contains):
      self = .refused
    case "53100": self = .serverDiskFull
    case "42501": self = .denied
    // A statement cancelled by an administrator (this process's own cancel requests are not classified here), a lock
    // time-out, serialization, deadlock.
    case "57014", "57P01", "57P02", "57P03", "57P05", "55P03", "55006", "40001", "40P01", "25P03", "25P04":
      self = .temporary
    // 53400 is a configured limit, such as temp_file_limit. 54000 is a limit of the server: no transaction IDs are left, or
    // a value is too long for an index.
    case "3D000", "25006", "57P04", "53400", "54000": self = .refused
    default:
      switch sqlState.prefix(2) {
      case "08", "53": self = .temporary
      case "28", "58", "XX": self = .refused
      default: self = .statement
      }
    }
  }
}
