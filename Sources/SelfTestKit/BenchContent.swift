/// What is in a bench, in a form in which two can be compared.
struct BenchContent: Sendable {
  let spool: SpoolContent
  let database: DatabaseContent?

  init(_ bench: Bench) throws {
    spool = try SpoolContent(bench.spool)
    database = try bench.database.map { try DatabaseContent($0) }
  }

  /// The first things in which they differ, for a person.
  func differences(from expected: BenchContent) -> [String] {
    var found = spool.differences(from: expected.spool)
    if let database, let other = expected.database { found += database.differences(from: other) }
    return found
  }
}
