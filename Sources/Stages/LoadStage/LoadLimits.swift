/// How long a load waits for other sessions, how often it tries again, and from how many differences it rebuilds tables.
/// Where no limit is set here, a statement waits ten minutes for a lock (`TransactionSettings.lockTimeout`).
package struct LoadLimits: Sendable {
  /// Share of differing businesses from which rebuilding the tables takes less time than changing rows in place.
  package var rebuildShareMin = 0.15
  /// Maximum time that the swap of an initial load makes readers wait, and its number of attempts.
  package var lockTimeoutMilliseconds = 1000
  package var lockAttempts = 5
  /// Number of attempts to lock the tables for the swap of rebuilt ones.
  package var rebuildLockAttempts = 30
  /// Maximum time that this swap waits for older transactions.
  package var snapshotWaitSeconds = 60.0
  /// How long a load waits for the lock of a run that is about to end.
  package var lockGraceSeconds = 2.0
  /// Seconds between the writes that show that a run is alive.
  package var heartbeatSeconds = 5.0
}
