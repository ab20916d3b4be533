import ArgumentParser
import CommandKit
import LoadStage
import StructuredLogging
import Support

/// The registry, or what changed in it, as a file for other programs.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the registry, or the changes between two days, to a file: csv, jsonl (lines of JSON) or sqlite.",
    discussion: """
      The file is complete when it has its name. --force lets it replace an existing file. With --city, --district or \
      --industry it has only businesses that fit, for changes: before or after.
      """)

  @Argument(help: ArgumentHelp("csv, jsonl or sqlite.", valueName: "format"))
  var format: String
  @Option(
    help: ArgumentHelp("The registry as of this day, such as 2026-09-02 (default: the newest).", valueName: "DATE"))
  var date: String?
  @Option(
    help: ArgumentHelp("Instead of the registry, its net changes since the state of this day.", valueName: "DATE"))
  var from: String?
  @Option(help: ArgumentHelp("The last day of the changes (default: the newest).", valueName: "DATE"))
  var to: String?
  @Option(help: ArgumentHelp("Only this city or county, such as 臺北市; may be repeated.", valueName: "CITY"))
  var city: [String] = []
  @Option(help: ArgumentHelp("Only this district or township, such as 大安區; may be repeated.", valueName: "DISTRICT"))
  var district: [String] = []
  @Option(
    help: ArgumentHelp(
      "Only businesses with this industry: a code, or its first digits, such as 56; may be repeated.", valueName: "CODE"
    ))
  var industry: [String] = []
  @Option(
    name: .customLong("output"),
    help: ArgumentHelp(
      "The file (default: registry-DATE or changes-DATE-DATE in this folder; -: stdout, not for sqlite).",
      valueName: "FILE"))
  var file: String?
  @OptionGroup var force: ForceOptions
  @OptionGroup var database: DatabaseOptions

  func run() throws {
    let result = try export().run(database.resolve())
    guard let path = result.path else { return }
    let one = result.rows == 1
    let what =
      from == nil
      ? "\(one ? "business" : "businesses") as of \(result.days[0])"
      : "\(one ? "change" : "changes") from \(result.days.joined(separator: " to "))"
    var stdout = StandardOutput()
    try stdout.write(line: "\(result.rows) \(what) written to '\(Terminal.safe(path))'")
    try stdout.flush()
  }

  private func export() throws -> RegistryExport {
    guard let format = RegistryExport.Format(rawValue: format) else {
      throw Failure(.usage, "'\(self.format)' is not a format", hint: "use csv, jsonl or sqlite")
    }
    guard from == nil || date == nil, from != nil || to == nil else {
      throw Failure(
        .usage, "--date, and --to without --from, do not select changes",
        hint: "use --date DATE for the registry, or --from DATE --to DATE for changes")
    }
    guard file != "-" || format != .sqlite else {
      throw Failure(.usage, "a SQLite database cannot be written to stdout", hint: "name a file with --output FILE")
    }
    var export = RegistryExport(
      format,
      try from.map { .changes(from: try $0.day(named: "--from"), to: try to?.day(named: "--to")) }
        ?? .registry(day: try date?.day(named: "--date")))
    (export.cities, export.districts, export.industries) = (city, district, industry)
    (export.output, export.replacesFile) = (file, force.force)
    return export
  }
}
