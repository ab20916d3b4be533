import CLibPQ
import FaultInjection

/// Called while a connection waits, at least five times a second; throwing ends the wait, and with it the statement.
public typealias StopCheck = @Sendable () throws -> Void

/// A session with a server. Its calls block; only one thread at a time may use it.
///
/// Its settings end with each transaction: a pooler may give the session to another client in between. ``settings`` are
/// set at the start of every transaction, and a single statement gets a transaction of its own.
public struct Connection: ~Copyable {
  private(set) var handle: OpaquePointer
  /// Settings of every transaction. With nil, statements run with the server's defaults and get no transaction of their
  /// own.
  public var settings: TransactionSettings?
  /// Called during every wait. Replace it to finish work after it has thrown.
  public var stop: StopCheck
  /// Host, database and user, for messages.
  public let place: String
  /// Called with a line for the operator: what a statement waits for, or which settings were left out.
  public var report: @Sendable (String) -> Void = { _ in }
  /// Whether its statements are fault points.
  public var hasFaultPoints = true
  /// A test's hook, called before and after each statement of this session that is a fault point.
  public var faultHook: FaultHook?
  /// Seconds until the first probe of a silent statement, if this is less than the address says.
  var silenceSecondsMax = Double.infinity
  /// The name of the open transaction, for fault points.
  var transactionName: String?
  /// The server's address, also for sessions that check on this one.
  let target: DatabaseAddress
  private let way: Way
  /// The ID of the server process that serves the transaction, not of a pooler. Behind a pooler the next transaction
  /// may have another one.
  var backend: Int32?
  private let notices: NoticeBox

  /// How the session was opened.
  private struct Way {
    let applicationName: String
    let timeoutSeconds: Int
  }

  /// Connects.
  ///
  /// - Parameters:
  ///   - applicationName: the name in `pg_stat_activity`, unless the connection string sets another.
  ///   - timeoutSeconds: limit for the whole connection attempt, unless the connection string sets another.
  ///   - settings: applied at the start of every transaction.
  ///   - notice: called with the server's notices and warnings, one line each.
  public static func open(
    _ target: DatabaseAddress, applicationName: String, timeoutSeconds: Int = 10,
    settings: TransactionSettings? = TransactionSettings(),
    stop: @escaping StopCheck = {}, notice: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> Connection {
    let way = Way(
      applicationName: applicationName, timeoutSeconds: target.connectTimeoutSeconds ?? timeoutSeconds)
    let handle = try connect(target, way, stop)
    return Connection(handle, target, way, settings, stop: stop, notice: notice)
  }

  private static func connect(_ target: DatabaseAddress, _ way: Way, _ stop: StopCheck) throws -> OpaquePointer {
    try ConnectionAttempt.run(
      target, applicationName: way.applicationName, timeoutSeconds: way.timeoutSeconds, stop: stop)
  }

  private init(
    _ handle: OpaquePointer, _ target: DatabaseAddress, _ way: Way, _ settings: TransactionSettings?,
    stop: @escaping StopCheck,
    notice: @escaping @Sendable (String) -> Void
  ) {
    self.handle = handle
    self.target = target
    self.way = way
    self.settings = settings
    self.stop = stop
    place = ConnectionAttempt.place(of: handle)
    notices = NoticeBox(notice)
    prepare()
  }

  private func prepare() {
    notices.attach(to: handle)
    // Only with verbose messages libpq includes the SQLSTATE of the error that ended an idle session.
    PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
    PQsetnonblocking(handle, 1)
  }

  deinit { PQfinish(handle) }

  /// The server's version, for instance 150018 for 15.18.
  public var serverVersion: Int { Int(PQserverVersion(handle)) }

  /// The ID of the server process that serves this session.
  public var processID: Int32 { backend ?? PQbackendPID(handle) }

  /// Whether the session is known to be lost. A loss may still be undetected.
  public var isLost: Bool { PQstatus(handle) == CONNECTION_BAD }

  /// Another session with the same server and settings.
  public func sibling() throws -> Connection {
    try Connection.open(
      target, applicationName: way.applicationName, timeoutSeconds: way.timeoutSeconds, settings: settings, stop: stop)
  }

  /// Reconnects after the server has ended the session.
  mutating func reopen() throws {
    let fresh = try Self.connect(target, way, stop)
    PQfinish(handle)
    handle = fresh
    prepare()
  }
}

/// Passes notices from libpq's callback to a handler.
private final class NoticeBox: Sendable {
  private let handler: @Sendable (String) -> Void

  init(_ handler: @escaping @Sendable (String) -> Void) { self.handler = handler }

  /// Registers the handler. libpq does not retain it; the connection does.
  func attach(to handle: OpaquePointer) {
    PQsetNoticeReceiver(
      handle,
      { argument, result in
        guard let argument, let text = registry_result_primary_message(result) else { return }
        Unmanaged<NoticeBox>.fromOpaque(argument).takeUnretainedValue().handler(String(cString: text))
      }, Unmanaged.passUnretained(self).toOpaque())
  }
}
