import ConsoleQueries
import Glibc
import Logging
import Postgres
import Support
import Synchronization

/// Builds missing search indexes in the background. It checks at start and then every minute, since the registry may be
/// created or replaced later.
final class IndexKeeper: Sendable {
  private struct Stopped: Error {}
  private let target: DatabaseAddress
  private let logger: Logger
  private let isStopped = Mutex(false)
  private let thread = Mutex<JoinableThread?>(nil)

  init(_ target: DatabaseAddress, logger: Logger) {
    self.target = target
    self.logger = logger
  }

  func start() {
    let thread = JoinableThread.start { [self] in run() }
    self.thread.withLock { $0 = thread }
  }

  func stop() { isStopped.withLock { $0 = true } }

  /// Waits until the thread has ended, after ``stop()``.
  func join() { thread.withLock { $0.take() }?.join(seconds: 10) }

  private func run() {
    var isTold = false
    while !isStopped.withLock({ $0 }) {
      do {
        var connection = try Connection.open(target, applicationName: "registry console indexes") { [weak self] in
          if self?.isStopped.withLock({ $0 }) != false { throw Stopped() }
        }
        try PrepareCommand.build(on: &connection, logger)
      } catch SearchIndexes.BuildError.isDenied {
        if !isTold {
          logger.warning(
            "searches are slow: the console's login may not create the search indexes; run '\(PipelineCommand.script) console prepare' as the owner of the registry's tables"
          )
        }
        isTold = true
      } catch SearchIndexes.BuildError.isCutShort(let error) {
        let failure = Failure(SearchIndexes.BuildError.isCutShort(error))
        if !isTold { logger.warning("\(failure.message): \(failure.hints.map(\.description).joined(separator: "; "))") }
        isTold = true
      } catch {
        logger.debug("unable to build the search indexes, tried again in a minute: \(error)")
      }
      for _ in 0..<600 where !isStopped.withLock({ $0 }) { usleep(100_000) }
    }
  }
}
