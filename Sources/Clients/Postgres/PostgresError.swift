/// What the server or the way to it answered instead of a result.
public struct PostgresError: Error, Sendable, Equatable {
  /// What it means for somebody who may try again.
  public enum Kind: Sendable, Equatable {
    /// The connection string is malformed: nothing was tried.
    case malformed
    /// It may work later: not reachable, shutting down, deadlock, out of connections or memory.
    case temporary
    /// The server's own disk is full.
    case serverDiskFull
    /// Not until somebody acts: wrong password, no such database, server too old, read-only.
    case refused
    /// The same for TLS: a certificate was refused, or there is none to be had.
    case untrusted
    /// A pooler refuses what we need: transactions, or a parameter of the connection string.
    case pooled
    /// The right is missing.
    case denied
    /// The statement or the data in it is wrong.
    case statement
  }

  public var kind: Kind
  /// Five characters, nil for trouble with the connection that the server did not name.
  public var sqlState: String?
  /// One line, never with a secret in it.
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

extension PostgresError.Kind {
  /// By SQLSTATE: messages are translated and change between versions. pgbouncer is the exception: it uses one code for
  /// nearly all errors, and does not translate.
  public init(sqlState: String, message: String = "") {
    switch sqlState {
    case "08P01" where message.contains("unsupported startup parameter"): self = .pooled
    case "08P01" where message.contains("transaction blocks not allowed"): self = .pooled
    case "08P01"
    where ["no such user", "no such database", "authentication failed", "does not exist", "is disabled"]
      .contains(where: message.contains):
      self = .refused
    case "53100": self = .serverDiskFull
    case "42501": self = .denied
    // A statement cancelled by an administrator (our own stop never comes here), a lock that was not had in time,
    // serialization, deadlock.
    case "57014", "57P01", "57P02", "57P03", "57P05", "55P03", "55006", "40001", "40P01", "25P03", "25P04":
      self = .temporary
    // 53400 is a limit that somebody has set, such as temp_file_limit.
    case "3D000", "25006", "57P04", "53400": self = .refused
    default:
      switch sqlState.prefix(2) {
      case "08", "53": self = .temporary
      case "28", "58", "XX": self = .refused
      default: self = .statement
      }
    }
  }
}
