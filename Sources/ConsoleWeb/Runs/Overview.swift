import ConsoleDesk
import ConsoleQueries
import Postgres

/// What the first page tells of.
struct Overview: Sendable {
  var hasRegistry = true
  /// The latest runs of load, the newest first.
  var runs: [JobRun] = []
  var published: JobRun?
  /// What waits and what runs, the newest first.
  var open: [ConsoleTask] = []
  /// The task that ended last.
  var ended: TaskPage?

  static func read(_ site: Site, _ context: ConsoleContext) async throws -> Overview {
    var overview = Overview()
    do {
      (overview.runs, overview.published) = try await site.read(context) { connection in
        (try JobRuns.page(&connection, limit: 5).runs, try JobRuns.published(&connection))
      }
    } catch let error where Problem(error).text == "problem_no_registry" { overview.hasRegistry = false }
    let text = RunText(site: site, context: context)
    (overview.open, overview.ended) = try await site.desk.run { connection in
      let open = try Tasks.list(states: [.queued, .running], limit: 20, on: &connection)
      let ended = try Tasks.list(states: [.succeeded, .failed, .stopped], limit: 1, on: &connection).first
      let output = try ended.map { try Tasks.output($0.id, on: &connection) }
      return (open, ended.map { TaskPage(text, $0, summary: output?.summary, log: output?.log) })
    }
    return overview
  }
}
