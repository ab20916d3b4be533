import ConsoleRunner
import ServiceLifecycle
import Support

/// The background work: the worker and the keeper of the search indexes. Both stop before the web server does, so that
/// no run begins while pages are still being sent.
struct BackgroundServices: Service {
  let worker: Worker?
  let indexes: IndexKeeper
  /// Whether the console stops a run under way when it ends.
  let stopsRuns: Bool

  func run() async throws {
    if let worker, !worker.start() {
      throw Failure(.temporary, "unable to start the worker: the system has no thread left")
    }
    indexes.start()
    try? await gracefulShutdown()
    worker?.stop()
    indexes.stop()
  }

  /// Joins the threads before the process ends. Call it after the web server has ended.
  ///
  /// - Parameter hasServed: whether this console listened. If not, the port may belong to another console, and so may
  ///   the runs under way: they are not stopped.
  func end(_ hasServed: Bool) {
    worker?.stop()
    indexes.stop()
    worker?.join()
    indexes.join()
    if stopsRuns, hasServed { worker?.endRuns() }
  }
}
