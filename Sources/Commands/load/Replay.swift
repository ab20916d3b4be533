import ArgumentParser
import CommandKit
import LoadStage
import Records
import Spool
import Support

/// Takes corrected records back in.
struct ReplayCommand: StageCommand {
  static let stage = "load"
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract:
      "Take corrected records back in, from a sheet as '\(PipelineCommand.script) findings --export' writes it.",
    discussion: """
      They are judged by the same rules, join the published registry, and stay, marked in registration_correction, until \
      the source has a record without the fault or they are withdrawn.
      """)

  @Argument(help: "The sheet: CSV with the published columns.")
  var file: String
  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var jobs: JobsOptions
  @OptionGroup var output: OutputOptions

  /// A sheet is for a person to fill in.
  private static let bytesMax = 32 << 20

  func perform(_ run: inout StageRun) throws {
    let url = try database.resolve()
    let jobs = try jobs.resolve()
    let sheet = try read()
    report(sheet, log: run.log)
    run.summary.totals = sheet.totals
    run.summary.findings = sheet.tally.findingCounts
    if sheet.untouched > 0 {
      run.log.info("\(sheet.untouched) rows of '\(file)' are as they were exported: they are left alone")
    }
    guard !sheet.records.isEmpty || sheet.tally.rejected + sheet.tally.duplicates == 0 else {
      throw Failure(
        .data,
        "'\(file)' has no corrected record that the rules accept: \(sheet.tally.rejected + sheet.tally.duplicates) are rejected, \(sheet.untouched) are as they were exported",
        hint: "correct what the lines above name; the registry stays as it is")
    }
    var settings = LoadSettings(
      snapshot: try PublishedSnapshot.find(url, spool: run.spool), databaseURL: url, runID: run.summary.runID,
      jobs: jobs)
    settings.action = .replay
    settings.sheet = sheet
    try run.load(settings)
  }

  /// What is found of the corrected rows, the first of each severity; data_import_error has a hundred.
  private func report(_ sheet: CorrectionSheet, log: EventLog) {
    for (severity, what) in [("error", "rejected"), ("warning", "taken all the same")] {
      let findings = sheet.findings.filter { $0.severity == severity }
      for finding in findings.prefix(20) {
        let column = finding.column.map { ", \($0)" } ?? ""
        log.warning("'\(file)', line \(finding.line)\(column): \(finding.code), \(finding.message) (\(what))")
      }
      if findings.count > 20 { log.warning("and \(findings.count - 20) more rows of '\(file)' are \(what)") }
    }
  }

  private func read() throws -> CorrectionSheet {
    guard let file = try OpenFile(file, followLinks: true) else {
      throw Failure(
        .unavailable, "'\(file)' is not there", hint: "\(command: .findings, "--export FILE.csv") writes one")
    }
    let size: Int
    do throws(Failure) { size = try file.size() } catch {
      throw Failure(.data, "'\(self.file)' is not a file", hint: "name the sheet that was saved as CSV")
    }
    guard size <= Self.bytesMax else {
      throw Failure(
        .data, "'\(self.file)' has \(size) bytes: a sheet of corrections has at most \(Self.bytesMax)",
        hint: "split it, with the first line in each part")
    }
    var bytes = [UInt8](repeating: 0, count: size)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    let sheet: CorrectionSheet
    do throws(HeaderProblem) { sheet = try CorrectionSheet.read(Array(bytes.prefix(count))) } catch {
      throw Failure(
        .data, "'\(self.file)' is no sheet of corrections: \(error)",
        hint:
          "save it as CSV in UTF-8, parted by commas, with the first line as '\(command: .findings, "--export")' wrote it"
      )
    }
    // What is missing would read as empty, and be taken for the correction.
    guard sheet.header.missing.isEmpty else {
      throw Failure(
        .data, "'\(self.file)' lacks the columns \(sheet.header.missing.joined(separator: ", "))",
        hint: "keep all of the published columns, as '\(command: .findings, "--export")' wrote them")
    }
    return sheet
  }
}

/// Takes corrections off again.
struct WithdrawCommand: StageCommand {
  static let stage = "load"
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "Take corrections off again: the registry holds what the source says.")

  @Argument(help: "The businesses.")
  var bans: [String]
  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var jobs: JobsOptions
  @OptionGroup var output: OutputOptions

  func perform(_ run: inout StageRun) throws {
    let url = try database.resolve()
    let jobs = try jobs.resolve()
    let numbers = try bans.map { ban in
      guard let number = BANText.parse(ban) else {
        throw Failure(.usage, "'\(ban)' is no BAN", hint: "a BAN has eight digits")
      }
      return number
    }
    var settings = LoadSettings(
      snapshot: try PublishedSnapshot.find(url, spool: run.spool), databaseURL: url, runID: run.summary.runID,
      jobs: jobs)
    settings.action = .withdraw
    settings.withdrawn = numbers
    try run.load(settings)
  }
}
