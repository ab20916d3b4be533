import ConsoleQueries
import Hummingbird
import NIOCore
import Postgres

/// The findings of a run, as a page and as CSV.
struct FindingRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/findings") { request, context in
      let query = try FindingRequest(request)
      let found = try await site.read(context) { try Self.read(query, &$0) }
      return site.page(
        "findings", context, FindingPage(text: RunText(site: site, context: context), query, found).values)
    }
    router.get("/findings.csv") { request, context in
      var query = try FindingRequest(request)
      let run = query.run
      query.run = try await site.read(context) { connection in
        try run.map { try JobRuns.run(&connection, id: $0) } ?? JobRuns.publishedSource(&connection)
      }?.id
      guard let run = query.run else { throw Problem(.notFound, "problem_not_found") }
      return Response(
        status: .ok,
        headers: [
          .contentType: "text/csv; charset=utf-8",
          .contentDisposition: "attachment; filename=\"findings-\(run).csv\"", .cacheControl: "no-store",
        ],
        body: .init { [query] writer in try await write(run, query.filter, to: &writer) })
    }
  }

  struct Found: Sendable {
    var run: JobRunSummary?
    var page: Findings.Page?
    var counts: [Findings.Count] = []
    var batches: [Findings.BatchCount] = []
  }

  /// Reads the findings of the requested run, or of the published file.
  private static func read(_ query: FindingRequest, _ connection: inout Connection) throws -> Found {
    let run =
      try query.run.map { try JobRuns.run(&connection, id: $0) } ?? JobRuns.publishedSource(&connection)
    guard let run else {
      guard query.run == nil else { throw Problem(.notFound, "problem_not_found") }
      return Found()
    }
    return Found(
      run: run, page: try Findings.page(&connection, of: run.id, query.filter, behind: query.behind),
      counts: try Findings.counts(&connection, of: run.id), batches: try Findings.batches(&connection, of: run.id))
  }

  /// Writes the CSV page by page, so that a slow client does not hold a session or much memory.
  private func write(_ run: Int, _ filter: FindingFilter, to writer: inout any ResponseBodyWriter) async throws {
    try await writer.write(ByteBuffer(string: FindingSheet.header))
    var place: FindingCursor?
    repeat {
      let behind = place
      let page = try await site.exports.run { try Findings.page(&$0, of: run, filter, behind: behind, limit: 500) }
      if !page.findings.isEmpty { try await writer.write(ByteBuffer(string: FindingSheet.lines(page.findings))) }
      place = page.next
    } while place != nil
    try await writer.finish(nil)
  }
}

/// A request for findings, parsed from the URL.
struct FindingRequest: Sendable {
  var run: Int?
  var filter = FindingFilter()
  var behind: FindingCursor?

  init(_ request: Request) throws {
    guard let fields = FormFields(encoded: request.uri.query ?? "") else {
      throw Problem(.badRequest, "problem_bad_request")
    }
    run = try Self.number(fields["run"])
    filter.code = fields["code"]
    filter.severity = fields["severity"]
    // In the database a batch is an integer.
    filter.batch = try Self.number(fields["batch"].map { Int32($0).map(String.init) ?? "" })
    if let text = fields["behind"] {
      guard let place = FindingCursor(text: text) else { throw Problem(.badRequest, "problem_bad_request") }
      behind = place
    }
  }

  private static func number(_ text: String?) throws -> Int? {
    guard let text else { return nil }
    guard let number = Int(text) else { throw Problem(.badRequest, "problem_bad_request") }
    return number
  }

  /// Returns the path of the same request after `change`. The cursor is dropped unless `change` sets it.
  func path(_ base: String, _ change: (inout FindingRequest) -> Void = { _ in }) -> String {
    var changed = self
    changed.behind = nil
    change(&changed)
    let parts: [(String, String?)] = [
      ("run", changed.run.map(String.init)), ("code", changed.filter.code), ("severity", changed.filter.severity),
      ("batch", changed.filter.batch.map(String.init)), ("behind", changed.behind?.text),
    ]
    let query = parts.compactMap { name, value in value.map { "\(name)=\(LocalPath.encode($0))" } }
    return query.isEmpty ? base : base + "?" + query.joined(separator: "&")
  }
}
