import ConsoleQueries
import Postgres

/// Caches the figures of the registry until the next publication. Simultaneous requests share
/// one count.
actor FigureCache {
  struct Counted: Sendable {
    let days: [Figures.Day]
    let cities: [Figures.Group]
    let types: [Figures.Group]
    let months: [Figures.Month]
  }

  private var publication: Int?
  private var counting: Task<Counted, any Error>?

  /// Returns the figures.
  ///
  /// - Parameter publication: the newest publication.
  func counted(_ publication: Int?, _ pool: Pool) async throws -> Counted {
    if publication != self.publication || counting == nil { counting = Self.count(pool) }
    self.publication = publication
    guard let counting else { throw CancellationError() }
    do { return try await counting.value } catch {
      // After a failure the next request counts again.
      if self.counting == counting { self.counting = nil }
      throw error
    }
  }

  private static func count(_ pool: Pool) -> Task<Counted, any Error> {
    Task {
      try await pool.run { connection in
        // All use one state of the registry.
        try connection.transaction(nil, .snapshot) { connection in
          // This runs once per publication, so it may take longer than a page.
          try connection.execute("SET LOCAL statement_timeout = '30s'")
          return Counted(
            days: try Figures.registryByDay(&connection), cities: try Figures.businessesByCity(&connection),
            types: try Figures.businessesByType(&connection), months: try Figures.setUpByMonth(&connection))
        }
      }
    }
  }
}
