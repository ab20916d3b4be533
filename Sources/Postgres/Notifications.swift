import CLibPQ
import Glibc

extension Connection {
  /// Waits until a channel that this session listens on (`LISTEN`) is notified, or the time is up.
  ///
  /// - Returns: the channels that were notified meanwhile; empty when the time was up.
  public mutating func waitForNotification(seconds: Double) throws -> Set<String> {
    let end = Clock.seconds() + seconds
    while true {
      var channels: Set<String> = []
      while let notification = PQnotifies(handle) {
        channels.insert(String(cString: notification.pointee.relname))
        PQfreemem(notification)
      }
      let rest = end - Clock.seconds()
      if !channels.isEmpty || rest <= 0 { return channels }
      try stop()
      let socket = PQsocket(handle)
      guard socket >= 0 else { throw lost() }
      _ = Socket.wait(socket, for: POLLIN, milliseconds: Int32(min(rest, 0.2) * 1000) + 1)
      if PQconsumeInput(handle) == 0 { throw lost() }
    }
  }
}
