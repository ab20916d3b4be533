import CLibPQ

/// Called while a connection waits, at least five times a second; throwing ends the wait, and with it the statement.
public typealias StopCheck = @Sendable () throws -> Void

/// A session with a server. Made, used and dropped on one thread, which it blocks.
public struct Connection: ~Copyable {
  let handle: OpaquePointer
  /// Asked while anything is waited for. Replace it to finish work after it has thrown.
  public var stop: StopCheck
  /// Host, database and user, for messages.
  public let place: String
  /// See ``StatementProbe``.
  public var probe: StatementProbe?
  /// The name of the transaction that is open, for the probe.
  var transactionName: String?
  /// How another session asks after this one.
  let target: Target
  /// The process behind it, as the server numbers it, whatever stands in between.
  private(set) var backend: String?
  private let notices: NoticeBox

  /// Connects.
  ///
  /// - Parameters:
  ///   - applicationName: what `pg_stat_activity` shows, unless the connection string says something else.
  ///   - timeoutSeconds: for the whole way in, unless the connection string says something else.
  ///   - notice: gets the server's notices and warnings, one line each.
  public static func open(
    _ target: Target, applicationName: String, timeoutSeconds: Int = 10,
    stop: @escaping StopCheck = {}, notice: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> Connection {
    let handle = try ConnectionAttempt.run(
      target, applicationName: applicationName,
      timeoutSeconds: target.connectTimeoutSeconds ?? timeoutSeconds, stop: stop)
    var connection = Connection(handle, target, stop: stop, notice: notice)
    try connection.configure()
    return connection
  }

  private init(
    _ handle: OpaquePointer, _ target: Target, stop: @escaping StopCheck, notice: @escaping @Sendable (String) -> Void
  ) {
    self.handle = handle
    self.target = target
    self.stop = stop
    place = ConnectionAttempt.place(of: handle)
    notices = NoticeBox(notice)
    notices.attach(to: handle)
    PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
    PQsetnonblocking(handle, 1)
  }

  deinit { PQfinish(handle) }

  /// For instance 150018 for 15.18.
  public var serverVersion: Int { Int(PQserverVersion(handle)) }

  /// The server process behind this session.
  public var processID: Int32 { PQbackendPID(handle) }

  /// Whether the session is known to be gone. It may be gone without being known.
  public var isLost: Bool { PQstatus(handle) == CONNECTION_BAD }

  /// A session that gives text in one form whatever the server's defaults, and that ends by itself only where we or the
  /// network are gone: then soon, for what it holds others wait for. A lock that somebody has forgotten to let go of is
  /// not waited for all night. Settings that a version lacks are left out.
  private mutating func configure() throws {
    let settings = [
      ("DateStyle", "ISO, YMD"), ("IntervalStyle", "iso_8601"), ("TimeZone", "UTC"), ("bytea_output", "hex"),
      ("standard_conforming_strings", "on"), ("statement_timeout", "0"), ("lock_timeout", "10min"),
      ("transaction_timeout", "0"), ("idle_in_transaction_session_timeout", "0"), ("idle_session_timeout", "0"),
      ("client_connection_check_interval", "1s"), ("tcp_keepalives_idle", "30"), ("tcp_keepalives_interval", "10"),
      ("tcp_keepalives_count", "3"),
    ]
    let wanted = settings.map { "('\($0.0)', '\($0.1)')" }.joined(separator: ", ")
    backend = try execute(
      """
      SELECT set_config(s.name, w.value, false)
      FROM (VALUES \(wanted)) AS w (name, value) JOIN pg_catalog.pg_settings s ON lower(s.name) = lower(w.name);
      SELECT pg_backend_pid()
      """
    ).scalar
  }
}

/// Carries notices out of libpq's callback.
private final class NoticeBox: Sendable {
  private let handler: @Sendable (String) -> Void

  init(_ handler: @escaping @Sendable (String) -> Void) { self.handler = handler }

  /// The connection keeps the box for as long as libpq may call it.
  func attach(to handle: OpaquePointer) {
    PQsetNoticeReceiver(
      handle,
      { argument, result in
        guard let argument, let text = registry_result_primary_message(result) else { return }
        Unmanaged<NoticeBox>.fromOpaque(argument).takeUnretainedValue().handler(String(cString: text))
      }, Unmanaged.passUnretained(self).toOpaque())
  }
}
