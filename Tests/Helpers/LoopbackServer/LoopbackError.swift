public enum LoopbackError: Error, Sendable, Equatable {
  /// The client closed or reset the connection.
  case clientGone
  /// `LoopbackServer.stop()` was called.
  case stopped
  /// The handler used the connection after ending it.
  case connectionEnded
  /// A wait timed out; the text names the event that did not happen.
  case timedOut(String)
  case system(call: String, errno: Int32)
}
