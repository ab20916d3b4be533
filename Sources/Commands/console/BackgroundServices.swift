import ConsoleRunner
import ServiceLifecycle
import Support

/// The background work: the worker and the search's indexes. Both stop before the web server does, so that no run
/// begins while pages are still being sent.
struct BackgroundServices: Service {
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

  /// Called after the web server has ended. Joins the threads before the process ends.
  ///
  /// - Parameter hasServed: if the port was in use, runs under way may be another console's.
  func end(_ hasServed: Bool) {
    worker?.stop()
    indexes.stop()
    worker?.join()
    indexes.join()
    if stopsRuns, hasServed { worker?.endRuns() }
  }
}
