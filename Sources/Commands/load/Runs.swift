import ArgumentParser
import CommandKit
import FoundationEssentials
import StructuredLogging
import Support

/// Lists the runs that the spool has records of. Read-only.
struct RunsCommand: SpoolCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List the runs, the newest first: who started them, and how they ended.",
    discussion: "--json prints their summaries as one array.")

  @OptionGroup var spoolOptions: SpoolOptions
  @Option(
    help: ArgumentHelp("The newest N runs (default: 20; with --json: all, at most 400).", valueName: "N"))
  var limit: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let limit = try Environment.number(limit, named: "--limit", variable: nil, in: 1...1_000_000)
    let log = EventLog(stage: "runs", runID: Environment.value("RUN_ID") ?? "")
    var runs = try RunRecords.list(spool: spoolOptions.path) { log.warning($0.message) }
    if let limit = limit ?? (output.json ? nil : 20) { runs = Array(runs.prefix(limit)) }
    var stdout = StandardOutput()
    if output.json {
      let documents = try runs.map { String(decoding: try $0.json().dropLast(), as: UTF8.self) }
      try stdout.write(line: documents.isEmpty ? "[]" : "[\n" + documents.joined(separator: ",\n") + "\n]")
    } else {
      for line in RunsTable.lines(runs) { try stdout.write(line: Terminal.safe(line)) }
    }
    try stdout.flush()
  }
}

/// The list as text, one line for each run.
enum RunsTable {
  static func lines(_ runs: [Summary]) -> [String] {
    guard !runs.isEmpty else { return ["no run yet"] }
    let head = ["started", "origin", "command", "result", "exit", "snapshot", ""]
    let rows = [head] + runs.map(row)
    let widths = head.indices.dropLast().map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return (cells + [row[row.count - 1]]).joined(separator: "  ").trimmed
    }
  }

  private static func row(_ run: Summary) -> [String] {
    [
      (run.startedAt?.prefix(19)).map { $0 + "Z" } ?? "unknown", run.origin?.rawValue ?? "", run.command ?? "",
      run.status.rawValue, run.exitCode.map { String($0) } ?? (run.status == .running ? "" : "killed"),
      run.snapshot ?? "", run.error.map { "\($0.stage): \($0.message)" } ?? "",
    ]
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }
}
