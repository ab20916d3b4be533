import Failures
import Glibc
import Postgres
import Spool
import StageKit

/// What to load, and where to.
public struct LoadSettings: Sendable {
  public var snapshot: SnapshotFolder
  /// A URI or libpq's `key=value` form.
  public var databaseURL: String
  /// Identifier of the run in the logs; it is kept with the job run.
  public var runID: String
  /// Connections that stage batches, from 1 to 4; more would only wait for the server.
  public var jobs: Int
  public var maxRejects: RejectBudget
  /// Compare and publish even where the registry is said to hold this snapshot already.
  public var force: Bool
  public var applicationName: String
  /// Asked five times a second while the database is waited for, and between blocks of a file.
  public var stop: StopCheck
  /// Called from several threads.
  public var events: @Sendable (LoadEvent) -> Void

  // For tests to change.
  package var pause: @Sendable (_ seconds: Double) throws -> Void
  package var point: @Sendable (LoadPoint) throws -> Void = { _ in }
  /// How long the swap of the first load makes readers wait at most, and how often it tries.
  package var lockTimeoutMilliseconds = 1000
  package var lockAttempts = 5
  package var lockGraceSeconds = 2.0
  package var heartbeatSeconds = 5.0

  public init(
    snapshot: SnapshotFolder, databaseURL: String, runID: String, jobs: Int = 2, maxRejects: RejectBudget = .standard,
    force: Bool = false, applicationName: String = "registry-load",
    stop: @escaping StopCheck = { try StopSignal.check() },
    events: @escaping @Sendable (LoadEvent) -> Void = { _ in }
  ) {
    self.snapshot = snapshot
    self.databaseURL = databaseURL
    self.runID = runID
    self.jobs = max(1, min(jobs, 4))
    self.maxRejects = maxRejects
    self.force = force
    self.applicationName = applicationName
    self.stop = stop
    self.events = events
    pause = { seconds in
      let end = Clock.monotonicSeconds() + seconds
      while Clock.monotonicSeconds() < end {
        try stop()
        usleep(100_000)
      }
    }
  }
}

/// Places where a test makes a load fail, or looks at what others see.
package enum LoadPoint: Sendable, Hashable {
  case connected
  case jobOpened
  case batchStaged(Int)
  case batchCommitted(Int)
  case publishing
  case published
}
