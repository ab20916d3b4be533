import CLibPQ
import Glibc
import Support

/// Detects dead connections. A statement may take any time, and behind a proxy or firewall a dead connection may look
/// alive to the kernel. So after a silence, a second session asks the server.
struct DeadConnectionProbe {
  /// When to ask next, in monotonic seconds.
  fileprivate var next: Double
  /// Consecutive checks that found no active backend.
  fileprivate var doubts = 0
  fileprivate var hasReported = false

  init(seconds: Double) { next = MonotonicClock.seconds() + seconds }

  fileprivate static let doubtsMax = 2
  fileprivate static let answerSeconds = 10.0
}

extension Connection {
  /// After a long silence, checks in a second session whether the backend is still working.
  ///
  /// - Throws: if two consecutive checks find no active backend or get no answer. The session is unusable then.
  mutating func probeConnection(_ silence: inout DeadConnectionProbe) throws {
    guard MonotonicClock.seconds() >= silence.next else { return }
    let isAtWork = try isAtWork(&silence)
    silence.doubts = isAtWork ? 0 : silence.doubts + 1
    silence.next = MonotonicClock.seconds() + target.silenceSeconds / 2
    // One such check proves nothing: the result may be on its way.
    guard silence.doubts >= DeadConnectionProbe.doubtsMax else { return }
    shutdown(PQsocket(handle), Int32(SHUT_RDWR))
    throw PostgresError(
      .temporary, message: "connection timed out: the server has no active backend for it", place: place)
  }

  /// Whether the server has a backend that works for this session and does not wait for the client.
  private func isAtWork(_ silence: inout DeadConnectionProbe) throws -> Bool {
    // The backend is unknown until BEGIN is answered, which does not take long.
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
      let found = try session.rows(
        """
        SELECT state IS NULL OR state NOT LIKE 'idle%' AND wait_event_type IS DISTINCT FROM 'Client' AS is_at_work,
          coalesce(wait_event = 'SyncRep', false) AS waits_for_standby
        FROM pg_catalog.pg_stat_activity WHERE pid = \(backend)
        """)
      guard let row = found.first else { return false }
      if try row.bool("waits_for_standby"), !silence.hasReported {
        silence.hasReported = true
        report(
          "COMMIT waits for a synchronous standby: start one of synchronous_standby_names, or correct that setting")
      }
      return try row.bool("is_at_work")
    } catch let error as PostgresError {
      // A server that refuses another session is reachable, so this session counts as busy.
      return error.sqlState != nil
    } catch is Limit.Over { return false }
  }
}
