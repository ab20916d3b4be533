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
        "findings", context, FindingPage(text: RunText(site: site, context: context), query, found).values,
        status: query.hasInvalidBAN ? .badRequest : found.run == nil && query.run != nil ? .notFound : .ok)
    }
    router.get("/findings.csv") { request, context in
      let query = try FindingRequest(request)
      guard !query.hasInvalidBAN else { throw Problem(.badRequest, "reg_problem_ban") }
      let run = try await site.read(context) { try Self.run(query, &$0) }
      guard let run else { throw Problem(.notFound, "problem_not_found") }
      let name = "findings-\(run.id)" + (run.sourceDate.map { "-" + $0 } ?? "")
      let text = RunText(site: site, context: context)
      return Response(
        status: .ok,
        headers: [
          .contentType: "text/csv; charset=utf-8", .contentDisposition: "attachment; filename=\"\(name).csv\"",
          .cacheControl: "no-store",
        ],
        body: .init { writer in try await write(run.id, query.filter, text, to: &writer) })
    }
  }

  struct Found: Sendable {
    /// Nil if the request names a run that does not exist, and before the first load.
    var run: JobRunSummary?
    var page: Findings.Page?
    var counts: [Findings.Count] = []
    var batches: [Findings.BatchCount] = []
    /// The runs to choose from, the newest first.
    var runs: [JobRunSummary] = []
  }

  /// Returns the requested run, or the load of the published file.
  private static func run(_ query: FindingRequest, _ connection: inout Connection) throws -> JobRunSummary? {
    guard let id = query.run else { return try JobRuns.publishedSource(&connection) }
    return try JobRuns.run(&connection, id: id)
  }

  private static func read(_ query: FindingRequest, _ connection: inout Connection) throws -> Found {
    let runs = try JobRuns.withFindings(&connection)
    guard let run = try Self.run(query, &connection) else { return Found(runs: runs) }
    return Found(
      run: run,
      page: query.hasInvalidBAN
        ? nil : try Findings.page(&connection, of: run.id, query.filter, behind: query.behind),
      counts: try Findings.counts(&connection, of: run.id), batches: try Findings.batches(&connection, of: run.id),
      runs: runs)
  }

  private static let header = [
    "finding_batch", "finding_severity", "finding_code", "finding_sheet_record", "finding_sheet_line", "finding_offset",
    "finding_column", "finding_sheet_meaning", "finding_sheet_raw",
  ]

  /// Writes the CSV page by page, so that a slow client does not hold a session or much memory.
  private func write(
    _ run: Int, _ filter: FindingFilter, _ text: RunText, to writer: inout any ResponseBodyWriter
  ) async throws {
    try await writer.write(ByteBuffer(string: FindingSheet.header(Self.header.map { text($0) })))
    var place: FindingCursor?
    repeat {
      let behind = place
      let page = try await site.exports.run { try Findings.page(&$0, of: run, filter, behind: behind, limit: 500) }
      if !page.findings.isEmpty {
        let lines = FindingSheet.lines(page.findings) { (text("finding_" + $0.severity), text.meaning(of: $0)) }
        try await writer.write(ByteBuffer(string: lines))
      }
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
  /// As typed.
  let ban: String?

  var hasInvalidBAN: Bool { ban != nil && filter.ban == nil }

  init(_ request: Request) throws {
    guard let fields = FormFields(encoded: request.uri.query ?? "") else {
      throw Problem(.badRequest, "problem_bad_request")
    }
    run = try Self.number(fields["run"])
    filter.code = fields["code"]
    filter.severity = fields["severity"]
    ban = fields["ban"]
    filter.ban = ban.flatMap { BAN($0) }
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

  /// Returns the path of the findings of a business in a run.
  static func path(of ban: BAN, run: Int) -> String { "/findings?run=\(run)&ban=\(ban.text)" }

  /// Returns the path of the same request after `change`. The cursor is dropped unless `change` sets it.
  func path(_ base: String, _ change: (inout FindingRequest) -> Void = { _ in }) -> String {
    var changed = self
    changed.behind = nil
    change(&changed)
    let parts: [(String, String?)] = [
      ("run", changed.run.map(String.init)), ("code", changed.filter.code), ("severity", changed.filter.severity),
      ("batch", changed.filter.batch.map(String.init)), ("ban", changed.filter.ban?.text),
      ("behind", changed.behind?.text),
    ]
    let query = parts.compactMap { name, value in value.map { "\(name)=\(LocalPath.encode($0))" } }
    return query.isEmpty ? base : base + "?" + query.joined(separator: "&")
  }
}
