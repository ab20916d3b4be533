import CLibPQ
import Glibc
import Support

/// A wait in which nothing came or went. A statement may take as long as it likes, and a line that is dead may look
/// alive: behind a proxy or a firewall the kernel is answered although the server is not there. So the server is asked.
struct DeadConnectionProbe {
  /// When to ask.
  fileprivate var next: Double
  /// How often in a row the answer was that nothing is to be waited for.
  fileprivate var doubts = 0

  init(seconds: Double) { next = MonotonicClock.seconds() + seconds }

  fileprivate static let doubtsMax = 2
  fileprivate static let answerSeconds = 10.0
}

extension Connection {
  /// Asks after this session's work once the silence is long, in a session of its own.
  ///
  /// - Throws: where twice in a row nobody is at work for us, or nobody answers. The session is of no use then.
  mutating func probeConnection(_ silence: inout DeadConnectionProbe) throws {
    guard MonotonicClock.seconds() >= silence.next else { return }
    let isAtWork = try isAtWork()
    silence.doubts = isAtWork ? 0 : silence.doubts + 1
    silence.next = MonotonicClock.seconds() + target.silenceSeconds / 2
    // Once is not enough: an answer may be on its way.
    guard silence.doubts >= DeadConnectionProbe.doubtsMax else { return }
    shutdown(PQsocket(handle), Int32(SHUT_RDWR))
    throw PostgresError(.temporary, message: "the connection is silent, and nobody is at work behind it", place: place)
  }

  /// Whether the server has this session and does something for it, other than to wait for us.
  private func isAtWork() throws -> Bool {
    // Before it is known who is at work behind it, a session asks for nothing that takes long.
    guard let backend else { return false }
    try stop()
    let (asked, limit) = (stop, Limit(seconds: DeadConnectionProbe.answerSeconds))
    do {
      // After SET ROLE a session may not see its own user's sessions. A session whose state is hidden counts as busy.
      var settings = TransactionSettings()
      settings.role = "none"
      settings.isReadOnly = true
      var session = try Connection.open(
        target, applicationName: "registry-watch", settings: settings,
        stop: {
          try asked()
          try limit.check(Limit.Over())
        })
      return try session.bool(
        """
        SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE pid = \(backend)
          AND (state IS NULL OR state NOT LIKE 'idle%' AND wait_event_type IS DISTINCT FROM 'Client'))
        """)
    } catch let error as PostgresError {
      // A server that refuses one more session is there: then this one is left in peace.
      return error.sqlState != nil
    } catch is Limit.Over { return false }
  }
}
