import ConsoleRunner
import Failures
import ServiceLifecycle

/// What goes on beside the pages: the worker and the search's indexes. Both stop before the pages do, so that no run
/// is begun while pages are still being sent.
struct Beside: Service {
  let worker: Worker?
  let indexes: IndexKeeper
  /// Whether a run under way ends with the console.
  let stopsRuns: Bool

  func run() async throws {
    if let worker, !worker.start() { throw Failure(.temporary, "the machine has no thread left for the worker") }
    indexes.start()
    try? await gracefulShutdown()
    worker?.stop()
    indexes.stop()
  }

  /// When the pages have ended. The threads have ended before the process does.
  ///
  /// - Parameter hasServed: where the port was taken, runs under way may be another console's.
  func end(_ hasServed: Bool) {
    worker?.stop()
    indexes.stop()
    worker?.join()
    indexes.join()
    if stopsRuns, hasServed { worker?.endRuns() }
  }
}
