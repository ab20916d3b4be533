import ArgumentParser
import CommandKit
import FoundationEssentials
import Spool
import Support
import TransformStage

/// Lists the findings of a snapshot. Changes nothing in the spool.
struct FindingsCommand: SpoolCommand {
  static let configuration = CommandConfiguration(
    commandName: "findings",
    abstract: "List the rejections and warnings of a snapshot (default: the newest transformed one).",
    discussion: """
      --json prints the findings as stored in the spool, one JSON object per line. --export writes a correction \
      sheet for a spreadsheet, with one row per record; --force lets it replace an existing file.
      """)

  // The parent command has these groups too. Options declared here under the same names would never be set.
  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var snapshot: SnapshotOptions
  @Option(help: ArgumentHelp("Only findings with this code; may be repeated.", valueName: "CODE"))
  var code: [String] = []
  @Flag(help: "Only findings that the previous transformed snapshot did not have.")
  var new = false
  @Option(help: ArgumentHelp("Write the records to a CSV file for a spreadsheet.", valueName: "FILE"))
  var export: String?
  @OptionGroup var force: ForceOptions
  @OptionGroup var output: OutputOptions

  /// Width of a line if stdout is not a terminal.
  private static let width = 200

  func run() throws {
    guard export == nil || !output.json else {
      throw Failure(.usage, "--export and --json exclude each other", hint: "give one of them")
    }
    let spool = spoolOptions.path
    let runID = Environment.value("RUN_ID") ?? UUID().uuidString.lowercased()
    let settings = try FindingsSettings(
      spool: spool,
      folder: snapshot.snapshot == nil ? nil : snapshot.resolve(spool: spool, summary: Summary(runID: runID)),
      codes: code, onlyNew: new,
      form: export.map { .sheet(path: $0, replaces: force.force) }
        ?? (output.json ? .json : .table(width: TextWidth.terminal ?? Self.width)))
    var output = StandardOutput()
    try FindingsList.run(settings, log: EventLog(stage: Transform.stage, runID: runID), into: &output)
  }
}
