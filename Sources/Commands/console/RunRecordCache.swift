import CommandKit
import ConsoleQueries
import ConsoleWeb
import Glibc
import Logging
import Support

/// The spool's run records, cached for pages. It reads the folders again when they change, and once a second while runs
/// are under way, since a killed run does not change the folders.
actor RunRecordCache {
  private let spool: String
  private let logger: Logger
  private var known: Known?
  private var reading: Task<Known, Never>?
  /// Records of ended runs by run ID. They do not change, so each is read once.
  private var ended: [String: RunSummary] = [:]
  private var told: Set<String> = []

  private struct Known: Sendable {
    let mark: Mark
    let runs: [RunSummary]
    let readAt: timespec
    let problems: [String]
    /// Whether the spool could be read.
    var isReadable = true
  }

  /// The modification times of the folders.
  private struct Mark: Sendable {
    let times: [timespec]

    init(_ spool: String) {
      times = ["/runs", "/.runs"].map { name in
        var status = stat()
        return stat(spool + name, &status) == 0 ? status.st_mtim : timespec()
      }
    }

    /// Whether nothing has changed since `readAt`. File system times are coarse, so a folder that changed shortly
    /// before the reading counts as changed.
    func tells(_ other: Mark, readAt: timespec) -> Bool {
      zip(times, other.times).allSatisfy {
        $0.tv_sec == $1.tv_sec && $0.tv_nsec == $1.tv_nsec && $0.tv_sec < readAt.tv_sec - 1
      }
    }
  }

  init(spool: String, logger: Logger) {
    self.spool = spool
    self.logger = logger
  }

  /// Returns the recorded runs.
  ///
  /// - Throws: ``Problem`` if the spool cannot be read. An empty list would hide failed runs.
  func runs() async throws -> [RunSummary] {
    let known = await read()
    guard known.isReadable else { throw Problem(.serviceUnavailable, "problem_no_spool", retryAfterSeconds: 5) }
    return known.runs
  }

  private func read() async -> Known {
    if let reading { return await reading.value }
    if let known, isFresh(known) { return known }
    let (spool, ended) = (spool, ended)
    let reading = Task { await Self.read(spool, ended) }
    self.reading = reading
    let found = await reading.value
    self.reading = nil
    known = found
    self.ended = Dictionary(
      found.runs.compactMap { run in run.endedAt.flatMap { _ in run.runID }.map { ($0, run) } }
    ) { first, _ in first }
    for problem in found.problems where told.insert(problem).inserted { logger.warning("\(problem)") }
    return found
  }

  private func isFresh(_ known: Known) -> Bool {
    guard known.isReadable, Mark(spool).tells(known.mark, readAt: known.readAt) else { return false }
    return known.runs.allSatisfy { $0.endedAt != nil } || Self.now().tv_sec <= known.readAt.tv_sec
  }

  /// Reads on a thread of its own, since file calls block.
  private static func read(_ spool: String, _ ended: [String: RunSummary]) async -> Known {
    await withCheckedContinuation { continuation in
      let read: @Sendable () -> Void = { continuation.resume(returning: readNow(spool, ended)) }
      if !BlockingThread.start(read) { read() }
    }
  }

  private static func readNow(_ spool: String, _ ended: [String: RunSummary]) -> Known {
    // The mark is taken first, so that changes during the reading are read next time.
    let (mark, readAt) = (Mark(spool), now())
    var problems: [String] = []
    do {
      // A missing spool is an error: the console keeps files of its own there, so it existed at start.
      guard access(spool, R_OK | X_OK) == 0 else { throw Failure.system("read the spool '\(spool)'", errno: errno) }
      let runs = try RunRecords.list(spool: spool) { problems.append($0.message) }.compactMap { run in
        ended[run.runID] ?? (try? run.json()).flatMap { RunSummary(json: String(decoding: $0, as: UTF8.self)) }
      }
      return Known(mark: mark, runs: runs, readAt: readAt, problems: problems)
    } catch {
      let problem = (error as? Failure)?.message ?? "\(error)"
      return Known(mark: mark, runs: [], readAt: readAt, problems: problems + [problem], isReadable: false)
    }
  }

  private static func now() -> timespec {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now
  }
}
