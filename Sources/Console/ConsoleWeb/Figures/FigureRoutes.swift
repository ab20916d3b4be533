import Charts
import ConsoleQueries
import Hummingbird
import Postgres

/// The figures page: charts, each with its numbers as a table.
struct FigureRoutes {
  let site: Site
  private let cache = FigureCache()

  init(site: Site) { self.site = site }

  /// How many runs are charted.
  private static let runs = 60

  func add(to router: Router<ConsoleContext>) {
    router.get("/figures") { _, context in
      let published = try await site.read(context) { connection in
        Published(
          publication: try Figures.publication(&connection), findings: try Self.findings(&connection))
      }
      let counted = try await cache.counted(published.publication, site.pages)
      let runs = RunList.merge(records: try await site.settings.runs(), tasks: [], jobRuns: [])
      let pictures = FigureCharts(text: RunText(site: site, context: context))
      let all =
        [pictures.registry(counted.days), pictures.changes(counted.days)]
        + pictures.rejections(
          runs.first { $0.runID != nil && $0.runID == published.findings.run }?.summary,
          published.findings.counts)
        + [
          pictures.durations(runs.filter(\.outcome.isOver).prefix(Self.runs).reversed()),
          pictures.cities(counted.cities), pictures.types(counted.types), pictures.months(counted.months),
        ]
      return site.page("figures", context, ["figures": all, "nav_figures": true])
    }
  }

  private struct Published: Sendable {
    let publication: Int?
    let findings: (run: String?, counts: [Findings.Count])
  }

  /// Counts the findings of the published file in the database, which are not all if a batch had many.
  private static func findings(_ connection: inout Connection) throws -> (run: String?, counts: [Findings.Count]) {
    guard let run = try JobRuns.publishedSource(&connection) else { return (nil, []) }
    return (run.runID, try Findings.counts(&connection, of: run.id))
  }
}
