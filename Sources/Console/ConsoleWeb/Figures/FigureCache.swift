import ConsoleQueries
import Postgres

/// Figures that are counted from the whole registry, kept for as long as the publication that they are of. Those who
/// ask at once wait for one counting.
actor FigureCache {
  struct Counted: Sendable {
    let cities: [Figures.Group]
    let types: [Figures.Group]
    let months: [Figures.Month]
  }

  private var publication: Int?
  private var counting: Task<Counted, any Error>?

  /// - Parameter publication: the one that the registry holds.
  func counted(_ publication: Int?, _ pool: Pool) async throws -> Counted {
    if publication != self.publication || counting == nil { counting = Self.count(pool) }
    self.publication = publication
    guard let counting else { throw CancellationError() }
    do { return try await counting.value } catch {
      // One that failed is tried again by the next who asks.
      if self.counting == counting { self.counting = nil }
      throw error
    }
  }

  private static func count(_ pool: Pool) -> Task<Counted, any Error> {
    Task {
      try await pool.run { connection in
        // All three of one state of the registry.
        try connection.transaction(nil, .snapshot) { connection in
          // Once a publication, so it may take longer than a page.
          try connection.execute("SET LOCAL statement_timeout = '30s'")
          return Counted(
            cities: try Figures.businessesByCity(&connection), types: try Figures.businessesByType(&connection),
            months: try Figures.setUpByMonth(&connection))
        }
      }
    }
  }
}
