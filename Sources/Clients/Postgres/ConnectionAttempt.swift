import CLibPQ
import Glibc
import Support

/// Connects with libpq's asynchronous functions, so that a signal or the deadline ends the attempt. (Only name
/// resolution blocks.)
package enum ConnectionAttempt {
  package static func run(
    _ target: DatabaseAddress, applicationName: String, timeoutSeconds: Int, stop: StopCheck
  ) throws -> OpaquePointer {
    try stop()
    guard let handle = start(target, applicationName: applicationName) else {
      throw PostgresError(.temporary, message: "out of memory", place: "the database")
    }
    do {
      try poll(handle, timeoutSeconds: timeoutSeconds, target: target, stop: stop)
      return handle
    } catch {
      PQfinish(handle)
      throw error
    }
  }

  /// Describes the address: `database 'registry' on host 'db.example' port 5432 as user 'loader'`.
  package static func place(of handle: OpaquePointer) -> String {
    func text(_ value: UnsafeMutablePointer<CChar>?) -> String { value.map { String(cString: $0) } ?? "" }
    return "database '\(text(PQdb(handle)))' on host '\(text(PQhost(handle)))' port \(text(PQport(handle)))"
      + " as user '\(text(PQuser(handle)))'"
  }

  private static func start(_ target: DatabaseAddress, applicationName: String) -> OpaquePointer? {
    // Parameters before `dbname` are defaults; those after it override the connection string.
    let parameters = [
      ("application_name", applicationName), ("keepalives_idle", "30"), ("keepalives_interval", "10"),
      ("keepalives_count", "3"), ("tcp_user_timeout", "\(DatabaseAddress.userTimeoutMilliseconds)"),
      ("dbname", target.conninfo),
      ("client_encoding", "UTF8"),
    ]
    var keywords: [UnsafePointer<CChar>?] = []
    var values: [UnsafePointer<CChar>?] = []
    defer { for pointer in keywords + values { free(UnsafeMutablePointer(mutating: pointer)) } }
    for (keyword, value) in parameters {
      keywords.append(UnsafePointer(strdup(keyword)))
      values.append(UnsafePointer(strdup(value)))
    }
    return PQconnectStartParams(keywords + [nil], values + [nil], 1)
  }

  private static func poll(_ handle: OpaquePointer, timeoutSeconds: Int, target: DatabaseAddress, stop: StopCheck)
    throws
  {
    // libpq names the SQLSTATE of a refused connection only in verbose messages.
    PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
    guard PQstatus(handle) != CONNECTION_BAD else {
      // Either the server refused at once, or libpq made no attempt because an option is wrong. Only PQping tells
      // which.
      if PQping(target.conninfo) == PQPING_NO_ATTEMPT {
        throw notAttempted(String(cString: PQerrorMessage(handle)))
      }
      throw error(handle, during: CONNECTION_STARTED)
    }
    let deadline = MonotonicClock.seconds() + Double(timeoutSeconds)
    var state = PGRES_POLLING_WRITING
    while true {
      let stage = PQstatus(handle)
      let ready = Socket.wait(
        PQsocket(handle), for: state == PGRES_POLLING_READING ? POLLIN : POLLOUT, milliseconds: 200)
      try stop()
      if ready != 0 { state = PQconnectPoll(handle) }
      if state == PGRES_POLLING_OK { return }
      if state == PGRES_POLLING_FAILED { throw error(handle, during: stage) }
      guard MonotonicClock.seconds() < deadline else {
        throw PostgresError(
          .temporary, message: "no connection within \(timeoutSeconds) s", place: place(of: handle))
      }
    }
  }

  /// Describes why libpq made no attempt.
  ///
  /// - Parameter text: libpq's text. It may quote a value, which may be secret, unless it begins with words about the
  ///   user of this process.
  package static func notAttempted(_ text: String) -> PostgresError {
    let line = text.prefix { $0 != "\n" }
    if ["local user with ID ", "could not look up local user ID "].contains(where: { line.hasPrefix($0) }) {
      return PostgresError(.userless, message: String(line), place: "the database URL")
    }
    return PostgresError(
      .malformed, message: "an option is not valid",
      place: "the database URL, the PG… variables or the service file")
  }

  private static func error(_ handle: OpaquePointer, during stage: ConnStatusType) -> PostgresError {
    let text = String(cString: PQerrorMessage(handle))
    let place = place(of: handle)
    if let (sqlState, message) = refusal(in: text) {
      let kind = PostgresError.Kind(sqlState: sqlState, message: message)
      // No statement was sent: the server refuses the connection's options, or the database accepts no connections.
      return PostgresError(
        kind == .statement ? .refused : kind, sqlState: sqlState, message: message, place: place)
    }
    // libpq's own message quotes the value, which may be secret.
    for (words, message) in [
      ("invalid integer value", "an option is not a number"),
      ("could not parse network address", "its hostaddr is not an address"),
    ] where text.contains(words) {
      return PostgresError(.malformed, message: message, place: "the database URL or the service file")
    }
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("\t") && !$0.hasPrefix("LOCATION:") }
    // libpq may add hints on lines after the error.
    let line = String(lines.last { $0.hasPrefix("connection to ") } ?? lines.last ?? "no reason given")
    return PostgresError(
      kind(line, during: stage, needsPassword: PQconnectionNeedsPassword(handle) == 1), message: line, place: place)
  }

  /// Classifies a failure for which the server gave no SQLSTATE. libpq's text is English because this process sets no
  /// locale.
  private static func kind(_ line: String, during stage: ConnStatusType, needsPassword: Bool) -> PostgresError.Kind {
    // Without a password, a retry cannot help.
    if needsPassword { return .refused }
    // The server speaks another protocol, for instance MySQL's or SSH.
    if ["invalid response to SSL negotiation", "expected authentication request"].contains(where: line.contains) {
      return .refused
    }
    if ["channel binding required", "GSSAPI encryption required"].contains(where: line.contains) { return .untrusted }
    // If the connection was cut, the network or the server failed. Otherwise a certificate was refused or TLS is not
    // available. The server reports a refused client certificate only after the handshake.
    let isCut = ["SSL SYSCALL error", "closed the connection", "could not send", "could not receive", "unexpected eof"]
      .contains { line.contains($0) }
    return line.contains("SSL error: ") || stage == CONNECTION_SSL_STARTUP && !isCut ? .untrusted : .temporary
  }

  /// Finds the server's refusal in libpq's verbose text, `… failed: FATAL:  28P01: password …`. The severity may be
  /// translated; the code and the punctuation are not. With several hosts or addresses, the last refusal counts.
  package static func refusal(in text: String) -> (sqlState: String, message: String)? {
    for line in text.split(separator: "\n").reversed() {
      let bytes = Array(line.utf8)
      guard bytes.count > 10 else { continue }
      for start in 0..<bytes.count - 9
      where bytes[start] == 0x3A && bytes[start + 1] == 0x20 && bytes[start + 2] == 0x20
        && bytes[start + 8] == 0x3A && bytes[start + 9] == 0x20
        && bytes[start + 3..<start + 8].allSatisfy({ 0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 })
      {
        return (
          String(decoding: bytes[start + 3..<start + 8], as: UTF8.self),
          String(decoding: bytes[(start + 10)...], as: UTF8.self)
        )
      }
    }
    return nil
  }
}
