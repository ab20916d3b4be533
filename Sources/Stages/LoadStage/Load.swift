import CommandKit
import Postgres
import Spool
import Support

/// Loads a finalized snapshot into the database.
public enum Load {
  /// Makes the registry equal to the snapshot, and blocks meanwhile.
  ///
  /// Call it from a thread that may block: a command's main thread, never Swift's cooperative pool.
  ///
  /// - Throws: only ``Failure``, with its category and hints.
  public static func run(_ settings: LoadSettings) throws -> LoadOutcome {
    do {
      return try settings.snapshot.use {
        let run = try LoadRun(settings)
        settings.events(.snapshotRead(run.snapshot))
        var job = LoadJob(run)
        defer { job.stopHeartbeat() }
        return try repeated(run, &job)
      }
    } catch { throw Failure(from: error) }
  }

  /// Seconds to wait before each further attempt.
  private static let pauses = [1.0, 2.0, 4.0]

  /// Runs the load, and retries it after retryable errors.
  private static func repeated(_ run: LoadRun, _ job: inout LoadJob) throws -> LoadOutcome {
    var attempt = 1
    var restarts = false
    while true {
      do { return try run.attempt(&job, restarts: restarts) } catch {
        let failure = failure((error as? LockHeld)?.failure ?? error, run.snapshot)
        guard mayPass(error, attempt), attempt <= pauses.count else {
          job.fail(failure)
          if error is Refusal { reportChanges(of: run) }
          throw failure
        }
        restarts = error is RestartLoad
        let seconds = pauses[attempt - 1]
        run.settings.events(.retrying(reason: failure.message, attempt: attempt, afterSeconds: seconds))
        do { try run.settings.pause(seconds) } catch {
          job.fail(Failure(from: error))
          throw error
        }
        attempt += 1
      }
    }
  }

  /// Reports what a refused snapshot would change: who may accept it decides by that.
  private static func reportChanges(of run: LoadRun) {
    guard run.settings.action == .load else { return }
    run.settings.events(.phase("counting what the refused snapshot would change"))
    do { run.settings.events(.refused(try run.check())) } catch {
      run.settings.events(.note("unable to count what it would change: \(Failure(from: error).message)"))
    }
  }

  /// Converts an error to a failure. A data error is temporary if transform replaced the snapshot's files meanwhile.
  private static func failure(_ error: any Error, _ snapshot: FinalizedSnapshot) -> Failure {
    let failure = Failure(from: error)
    guard failure.category == .data,
      (try? TransformManifest.read(at: snapshot.folder.transformManifest)) != snapshot.transform
    else { return failure }
    return Failure(
      .temporary, "transform replaced the files of snapshot \(snapshot.id) while load read them: \(failure.message)",
      hint: "run the same command again")
  }

  private static func mayPass(_ error: any Error, _ attempt: Int) -> Bool {
    switch error {
    // In the first attempt, another run holds the lock. Later, the session of the failed attempt may still hold it.
    case is LockHeld: attempt > 1
    case let error as PostgresError: error.kind == .temporary
    default: error is RestartLoad
    }
  }
}
