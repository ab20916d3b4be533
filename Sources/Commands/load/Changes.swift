import ArgumentParser
import CommandKit
import LoadStage
import Support

/// What changed, business by business.
struct ChangesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "changes", abstract: "Print what changed, the newest publication first.")

  @Option(
    help: ArgumentHelp("Only changes of this day or later, such as 2026-09-02 (default: all).", valueName: "DATE"))
  var since: String?
  @Option(help: ArgumentHelp("Only changes of this kind: added, changed, removed, reappeared.", valueName: "KIND"))
  var kind: String?
  @Option(help: ArgumentHelp("Only changes of this column, such as business_name or industries.", valueName: "COLUMN"))
  var column: String?
  @Option(help: ArgumentHelp("Only changes of this business.", valueName: "BAN"))
  var ban: String?
  @Option(help: ArgumentHelp("Only the first N changes.", valueName: "N"))
  var first: String?
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let query = try query()
    var printer = ChangePrinter(json: output.json)
    let log = EventLog(stage: "changes", runID: Environment.value("RUN_ID") ?? "")
    let note: (String) -> Void = { log.warning($0) }
    try query.run(try database.resolve(), note: note) { line in try printer.print(line) }
    try printer.finish()
  }

  private func query() throws -> ChangeQuery {
    var query = ChangeQuery()
    query.limit = try Environment.number(first, named: "--first", variable: nil, in: 1...Int.max)
    try check(kind, "--kind", in: ChangeQuery.kinds)
    try check(column, "--column", in: ChangeQuery.columns)
    if let ban, BANText.parse(ban) == nil {
      throw Failure(.usage, "--ban '\(ban)' is not a BAN", hint: "a BAN has eight digits")
    }
    (query.since, query.kind, query.column, query.ban) = (try since?.day(named: "--since"), kind, column, ban)
    return query
  }

  private func check(_ value: String?, _ name: String, in values: [String]) throws {
    guard let value, !values.contains(value) else { return }
    throw Failure(.usage, "\(name) '\(value)' is unknown", hint: "use one of \(values.joined(separator: ", "))")
  }
}
