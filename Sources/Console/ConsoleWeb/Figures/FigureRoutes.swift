import Charts
import ConsoleQueries
import ConsoleStore
import Hummingbird
import Postgres

/// The figures page: charts, each with its numbers as a table.
struct FigureRoutes {
  let site: Site
  private let cache = FigureCache()

  init(site: Site) { self.site = site }

  /// How many run summaries are charted.
  private static let runs = 60

  func add(to router: Router<ConsoleContext>) {
    router.get("/figures") { _, context in
      let published = try await site.read(context) { connection in
        Published(
          publication: try Figures.publication(&connection), days: try Figures.registryByDay(&connection),
          changes: try Figures.changesByDay(&connection), findings: try Self.findings(&connection))
      }
      let counted = try await cache.counted(published.publication, site.pages)
      let summaries = try await site.store.run { connection in
        try Tasks.summaries(limit: Self.runs, on: &connection).reversed().compactMap { task, summary in
          RunSummary(json: summary).map {
            RunOfTask(path: "/tasks/\(task.id)", startedAt: task.startedAt ?? task.queuedAt, summary: $0)
          }
        }
      }
      let pictures = FigureCharts(text: RunText(site: site, context: context))
      let all =
        [pictures.registry(published.days), pictures.changes(published.changes)]
        + pictures.rejections(
          summaries.last { $0.summary.runID != nil && $0.summary.runID == published.findings.run }?.summary,
          published.findings.counts)
        + [pictures.durations(summaries), pictures.cities(counted.cities), pictures.types(counted.types)]
        + [pictures.months(counted.months)]
      return site.page("figures", context, ["figures": all, "nav_figures": true])
    }
  }

  /// A run that the console started.
  struct RunOfTask: Sendable {
    let path: String
    let startedAt: String
    let summary: RunSummary
  }

  private struct Published: Sendable {
    let publication: Int?
    let days: [Figures.RegistryDay]
    let changes: [Figures.ChangesDay]
    let findings: (run: String?, counts: [Findings.Count])
  }

  /// Counts the findings of the published file in the database, which are not all if a batch had many.
  private static func findings(_ connection: inout Connection) throws -> (run: String?, counts: [Findings.Count]) {
    guard let run = try JobRuns.publishedSource(&connection) else { return (nil, []) }
    return (run.runID, try Findings.counts(&connection, of: run.id))
  }
}
