import CommandKit
import FaultInjection
import Glibc
import Postgres
import Records
import Spool
import Support

/// Who has chosen the snapshot.
public enum SnapshotChoice: Sendable {
  /// Nobody: it is the newest one.
  case newest
  /// The run: its previous stage, or the published snapshot.
  case run
  /// The user has named it.
  case user
}

/// What to load, and where to.
public struct LoadSettings: Sendable {
  public var snapshot: SnapshotFolder
  /// A URI or libpq's `key=value` form.
  public var databaseURL: String
  /// Identifier of the run in the logs, stored with the job run.
  public var runID: String
  /// Connections that stage batches, from 1 to 4; more would only wait for the server.
  public var jobs: Int
  public var maxRejects: RejectBudget
  /// Compare and publish even if this snapshot is already published.
  public var force: Bool
  public var choice = SnapshotChoice.run
  public var action = LoadAction.load
  /// How much a snapshot may differ from the one published last.
  public var bounds = GateBounds()
  /// Publish the snapshot even if it is refused.
  public var acceptance: Acceptance?
  /// Read the registry's full content, and repair rows that were edited by hand.
  public var verify = false
  /// Of `replay`: the sheet whose records are added.
  public var sheet: CorrectionSheet?
  /// Of `withdraw`: the businesses whose corrections end.
  public var withdrawn: [UInt32] = []
  /// The operating-system user, recorded with corrections.
  public var user = Acceptance.currentUser()
  public var applicationName: String
  /// Called five times a second while the load waits for the database, and between blocks of a file.
  public var stop: StopCheck
  /// Called from several threads.
  public var events: @Sendable (LoadEvent) -> Void

  // For tests to change.
  /// Seconds since 1970, to recognize a source date in the future.
  package var now: @Sendable () -> Int = { time(nil) }
  package var pause: @Sendable (_ seconds: Double) throws -> Void
  package var faultHook: FaultHook?
  package var limits = LoadLimits()

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
    pause = { seconds in try RetryPause.wait(seconds: seconds, stop: stop) }
  }
}

extension LoadSettings {
  /// Whether to discard rows that an earlier attempt staged: they come from a different comparison.
  var comparesFromStart: Bool { verify || action == .replay || action == .withdraw }

  /// Returns why the snapshot is refused for its rejected records. Only for loads: corrections and rollbacks are a
  /// person's decision.
  func budgetRefusals(_ snapshot: FinalizedSnapshot) -> [String] {
    action == .load ? maxRejects.refusals(of: snapshot.totals, snapshot.transform.notes) : []
  }

  /// - Throws: a ``Refusal`` if there are reasons and they are not accepted.
  func accept(_ refusals: [String], of snapshot: FinalizedSnapshot) throws {
    guard !refusals.isEmpty else { return }
    guard acceptance == nil else { return try requireNamed(snapshot) }
    throw Refusal(snapshot: snapshot.folder.id, reasons: refusals, isWhole: snapshot.whole)
  }

  /// Fails if `--accept` names no snapshot and could mean another one: several wait to be published, or the newest is a
  /// sample or limited.
  private func requireNamed(_ snapshot: FinalizedSnapshot) throws {
    guard choice == .newest else { return }
    let spool = self.snapshot.spool
    let all = try SpoolIndex.snapshots(spool).map { try SnapshotStatus.read(SnapshotFolder(spool: spool, id: $0)) }
    let published = all.lastIndex(where: \.hasFeedFiles)
    let waiting = all[(published.map { $0 + 1 } ?? 0)...].filter { $0.stage == .transformed }.map(\.snapshot)
    guard waiting.count > 1 || !snapshot.whole && published != nil else { return }
    let why =
      waiting.count > 1
      ? "\(waiting.count) are not published: \(waiting.joined(separator: ", "))"
      : "\(snapshot.folder.id) is a sample, or limited"
    throw Failure(
      .usage, "--accept does not say which snapshot: \(why)",
      hint: "name the one that you have checked: \(command: .load, snapshot: "ID", "--accept 'REASON'")")
  }

  /// Totals of the records that the run processes: the snapshot's, or those of a correction sheet.
  func totals(of snapshot: FinalizedSnapshot) -> Totals {
    switch action {
    case .load, .rollback: snapshot.totals
    case .replay, .withdraw: sheet?.totals ?? Totals()
    }
  }

  func status(of snapshot: FinalizedSnapshot) -> Summary.Status {
    totals(of: snapshot).failed > 0 ? .partial : .success
  }
}
