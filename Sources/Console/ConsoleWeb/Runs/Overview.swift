import ConsoleQueries
import ConsoleStore
import Foundation
import Postgres

/// The data of the overview, which is the first page.
struct Overview: Sendable {
  /// The latest job runs, the newest first.
  var jobRuns: [JobRunSummary] = []
  var published: JobRunSummary?
  /// The load or rollback whose file the registry holds. A later correction has no records of its own.
  var source: JobRunSummary?
  var acceptances = Acceptances()
  /// The tasks that wait or have just begun, the newest first.
  var open: [ConsoleTask] = []
  /// The newest runs of every origin.
  var runs: [PipelineRun] = []
  var latest = LatestRuns([])
  /// The log of the failed run, if the console started it.
  var failedLog = ""

  /// How many runs of each source are read.
  private static let depth = 100

  static func read(_ site: Site, _ context: ConsoleContext) async throws -> Overview {
    var overview = Overview()
    if let (jobRuns, published, source, acceptances) = try await site.readRegistry(
      context,
      { connection in
        (
          try JobRuns.page(&connection, limit: depth).runs, try JobRuns.published(&connection),
          try JobRuns.publishedSource(&connection), try Acceptances.read(&connection)
        )
      })
    {
      (overview.jobRuns, overview.published, overview.source) = (jobRuns, published, source)
      overview.acceptances = acceptances
    }
    // Dry runs are read separately: one a minute would push out the runs that count.
    let kinds = ConsoleTask.Kind.allCases.filter { $0 != .dryRun }
    let (open, tasks) = try await site.store.run { connection in
      (
        try Tasks.list(states: [.queued, .running], limit: 20, on: &connection),
        try Tasks.list(kinds: kinds, limit: depth, on: &connection)
          + Tasks.list(kinds: [.dryRun], limit: depth, on: &connection)
      )
    }
    overview.open = open.filter(\.isNoRunYet)
    overview.runs = RunList.merge(
      records: try await site.settings.runs(), tasks: tasks.sorted { $0.id > $1.id }, jobRuns: overview.jobRuns)
    overview.latest = LatestRuns(overview.runs)
    if let task = overview.latest.failure?.task {
      overview.failedLog = try await RunDetails.read(task: task.id, site)?.log ?? ""
    }
    return overview
  }
}

extension ConsoleTask {
  /// Whether the task waits, or has begun but its run is not known yet.
  var isNoRunYet: Bool { !state.isOver && runID == nil }

  /// Whether the task is another attempt that has to wait until its time.
  func isRetry(waitingAt now: Date) -> Bool {
    state == .queued && attempt > 1
      && TaipeiTime.seconds(notBefore).map { Double($0) > now.timeIntervalSince1970 } ?? false
  }
}

extension Site {
  /// Reads the registry with the rights of pages.
  ///
  /// - Parameter context: its account's limit applies; nil for the health check.
  /// - Returns: nil if the registry's tables do not exist yet.
  func readRegistry<Answer: Sendable>(
    _ context: ConsoleContext?, _ body: @escaping @Sendable (inout Connection) throws -> Answer
  ) async throws -> Answer? {
    do {
      guard let context else { return try await pages.run(body) }
      return try await read(context, body)
    } catch let error as PostgresError where error.sqlState == "42P01" {
      // PostgreSQL also reports tables as missing if the role may not use their schema.
      let isHidden = try await pages.run { connection in
        try connection.bool(
          """
          SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = 'etl_job_run' AND relkind = 'r'
            AND NOT has_schema_privilege(relnamespace, 'USAGE'))
          """)
      }
      if isHidden { throw Problem(.serviceUnavailable, "problem_no_right") }
      return nil
    }
  }
}
