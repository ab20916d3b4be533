import ArgumentParser
import CommandKit
import FoundationEssentials
import Glibc
import LoadStage
import Spool
import StructuredLogging
import Support

/// Shows what the spool and the database hold. Read-only.
struct StatusCommand: SpoolCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the snapshots of the spool with their sizes, and what the database holds.")

  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var database: DatabaseOptions
  @Option(
    help: ArgumentHelp("Skip the database, and print this reason instead.", valueName: "WHY", visibility: .hidden))
  var noDatabase: String?
  @Flag(
    help:
      "For health checks: print no status, and exit with 0 if the spool is writable and the database answers and is not a standby."
  )
  var check = false
  /// The same option group as the parent command: a separate flag of that name would never be set.
  @OptionGroup var output: OutputOptions

  struct Report: Codable {
    var spool: String
    var bytes: Int
    var snapshots: [SnapshotStatus]
    var database: DatabaseStatus
    /// The newest date of a source with the published content: a source may repeat its content with a newer date, which
    /// publishes nothing.
    var sourceDate: String?
    /// The age of that date.
    var sourceAgeDays: Int?
  }

  func run() throws {
    let spool = spoolOptions.path
    if check { return try check(spool: spool) }
    let snapshots = try SpoolIndex.snapshots(spool).map {
      try SnapshotStatus.read(SnapshotFolder(spool: spool, id: $0))
    }
    let database = try databaseStatus()
    let sourceDate = Self.sourceDate(of: database.lastPublication, snapshots)
    let report = Report(
      spool: spool, bytes: snapshots.reduce(0) { $0 + $1.bytes }, snapshots: snapshots, database: database,
      sourceDate: sourceDate, sourceAgeDays: sourceDate.flatMap { SourceAge.days(of: $0) })
    var stdout = StandardOutput()
    if output.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      try stdout.write(line: String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
      try stdout.write(line: Terminal.safeLines(StatusTable.text(report)))
    }
    try stdout.flush()
  }

  private static func sourceDate(
    of published: DatabaseStatus.LastPublication?, _ snapshots: [SnapshotStatus]
  ) -> String? {
    guard let published else { return nil }
    let content = snapshots.first { $0.snapshot == published.snapshot }?.contentSHA256
    let same = snapshots.filter { content != nil && $0.contentSHA256 == content }
    // ISO 8601 sorts as text.
    return ([published.sourceDate] + same.map(\.sourceDate)).compactMap(\.self).max()
  }

  private func check(spool: String) throws {
    guard access(spool, W_OK) == 0 else { throw Failure.system("write in '\(spool)'", errno: errno) }
    if let noDatabase { throw Failure(.temporary, "the database cannot be reached: \(noDatabase)") }
    try DatabaseStatus.requireAnswer(database.resolve())
  }

  private func databaseStatus() throws -> DatabaseStatus {
    if let noDatabase {
      return DatabaseStatus(reachable: false, problem: noDatabase)
    }
    return try DatabaseStatus.query(database.resolve())
  }
}

/// The status as text.
enum StatusTable {
  static func text(_ report: StatusCommand.Report) -> String {
    var lines = [
      "spool      \(report.spool): \(report.snapshots.count) \(report.snapshots.count == 1 ? "snapshot" : "snapshots"), \(report.bytes >> 20) MiB"
    ]
    for snapshot in report.snapshots { lines += self.lines(snapshot, isNewest: snapshot == report.snapshots.last) }
    lines += self.lines(report.database, sourceDate: report.sourceDate)
    return lines.joined(separator: "\n")
  }

  private static func lines(_ snapshot: SnapshotStatus, isNewest: Bool) -> [String] {
    var state: String
    switch snapshot.stage {
    case .fetching: state = "fetch unfinished, \(snapshot.chunks) chunks"
    case .fetched: state = snapshot.hasFeedFiles ? "published before, TSV files removed" : "fetched, not transformed"
    case .transforming: state = "\(snapshot.chunksTransformed) of \(snapshot.chunks) chunks transformed"
    case .transformed: state = "transformed"
    }
    if snapshot.stage != .transformed, !snapshot.hasFeedFiles, !isNewest { state += ", superseded" }
    if snapshot.sample { state += ", sample" }
    if let limit = snapshot.limit { state += ", first \(limit) records" }
    var line = "snapshot   \(snapshot.snapshot)  \(state), \(snapshot.bytes >> 20) MiB"
    if let date = snapshot.sourceDate { line += ", of \(date)" }
    if let totals = snapshot.totals {
      line +=
        ": \(totals.processed) accepted, \(totals.failed) rejected, \(totals.duplicated) duplicate, \(totals.blank) blank"
    } else if let records = snapshot.records {
      line += ": \(records) records"
    }
    return [line] + (snapshot.problem.map { ["           \($0)"] } ?? [])
  }

  private static func lines(_ database: DatabaseStatus, sourceDate: String?) -> [String] {
    guard database.reachable else { return ["database   \(database.problem ?? "not reachable")"] }
    var lines = ["database   \(database.place ?? "")"]
    if let problem = database.problem { lines.append("           \(problem)") }
    guard let registry = database.registry else {
      return lines + (database.problem == nil ? ["           nothing was ever loaded here"] : [])
    }
    lines.append("registry   \(registry.registrations) registrations, \(registry.industries) industry rows")
    if let last = database.lastPublication {
      let changes =
        "\(last.changes.inserted) inserted, \(last.changes.updated) updated, \(last.changes.removed) removed"
      let how =
        (last.action == .load ? "" : ", by \(last.action.rawValue)")
        + (last.acceptedBy.map { ", accepted by \($0)" } ?? "")
      lines.append("published  \(last.snapshot) at \(last.publishedAt)\(how): \(changes)")
      if let date = sourceDate, let days = SourceAge.days(of: date) {
        let published = last.sourceDate.flatMap { $0 == date ? nil : "\($0); its content is the same as that of " }
        lines.append(
          "source date \(published ?? "")\(date), "
            + (days < 0 ? "in the future" : "\(days) \(days == 1 ? "day" : "days") old"))
      }
    }
    if let run = database.lastJobRun { lines.append("last load  job run \(run.id): \(state(run))") }
    return lines
  }

  private static func state(_ run: DatabaseStatus.LastJobRun) -> String {
    let state = "\(run.status), began \(run.startedAt)"
    guard let silent = run.silentSeconds else { return state + (run.error.map { ": \($0)" } ?? "") }
    guard silent > DatabaseStatus.silentSecondsMax else { return state }
    return "not closed, began \(run.startedAt): no heartbeat for \(silent) s, it was probably killed;"
      + " the next load closes it"
  }
}
