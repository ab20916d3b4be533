import ArgumentParser
import CommandKit
import LoadStage
import Records
import Spool
import Support

/// Applies the corrected records of a sheet.
struct ReplayCommand: StageCommand {
  static let stage = "load"
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract:
      "Apply the corrected records of a sheet that '\(PipelineCommand.script) findings --export' wrote.",
    discussion: """
      The records are validated by the same rules and written into the published registry. Each \
      correction stays in force until the source corrects the record or you withdraw the correction. \
      registration_correction stores them.
      """)

  @Argument(help: "The sheet: CSV with the published columns.")
  var file: String
  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var jobs: JobsOptions
  @OptionGroup var output: OutputOptions

  /// Maximum size of a sheet, which people fill in by hand.
  private static let bytesMax = 32 << 20

  func perform(_ run: inout StageRun) throws {
    let url = try database.resolve()
    let jobs = try jobs.resolve()
    let sheet = try read()
    report(sheet, log: run.log)
    run.summary.totals = sheet.totals
    run.summary.findings = sheet.tally.findingCounts
    if sheet.untouched > 0 {
      run.log.info("\(sheet.untouched) rows of '\(file)' were not edited: skipped")
    }
    guard !sheet.records.isEmpty || sheet.tally.rejected + sheet.tally.duplicates == 0 else {
      throw Failure(
        .data,
        "no row of '\(file)' can be loaded: \(sheet.tally.rejected + sheet.tally.duplicates) rows are rejected, \(sheet.untouched) rows were not edited; nothing was published",
        hint: "correct the rejected rows (their line numbers are printed above), then run the same command again")
    }
    var settings = LoadSettings(
      snapshot: try PublishedSnapshot.find(url, spool: run.spool), databaseURL: url, runID: run.summary.runID,
      jobs: jobs)
    settings.action = .replay
    settings.sheet = sheet
    try run.load(settings)
  }

  /// Logs the first 20 findings of each severity in the corrected rows. data_import_error has the first hundred.
  private func report(_ sheet: CorrectionSheet, log: EventLog) {
    for (severity, what) in [("error", "rejected"), ("warning", "accepted with a warning")] {
      let findings = sheet.findings.filter { $0.severity == severity }
      for finding in findings.prefix(20) {
        let column = finding.column.map { ", \($0)" } ?? ""
        log.warning("'\(file)', line \(finding.line)\(column): \(finding.code), \(finding.message) (\(what))")
      }
      if findings.count > 20 { log.warning("'\(file)' has \(findings.count - 20) more findings (\(what))") }
    }
  }

  private func read() throws -> CorrectionSheet {
    guard let file = try OpenFile(file, followLinks: true) else {
      throw Failure(
        .unavailable, "'\(file)' does not exist", hint: "\(command: .findings, "--export FILE.csv") writes one")
    }
    let size: Int
    do throws(Failure) { size = try file.size() } catch {
      throw Failure(.data, "'\(self.file)' is not a regular file", hint: "name the CSV file that the spreadsheet saved")
    }
    guard size <= Self.bytesMax else {
      throw Failure(
        .data, "'\(self.file)' has \(size) bytes: a correction sheet has at most \(Self.bytesMax)",
        hint: "split it, and repeat the first line in each part")
    }
    var bytes = [UInt8](repeating: 0, count: size)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    let sheet: CorrectionSheet
    do throws(HeaderProblem) { sheet = try CorrectionSheet.read(Array(bytes.prefix(count))) } catch {
      throw Failure(
        .data, "'\(self.file)' is not a correction sheet: \(error)",
        hint:
          "save it as CSV in UTF-8, separated by commas, with the first line as '\(command: .findings, "--export")' wrote it"
      )
    }
    // A missing column would be read as empty and become part of the correction.
    guard sheet.header.missing.isEmpty else {
      throw Failure(
        .data, "'\(self.file)' lacks the columns \(sheet.header.missing.joined(separator: ", "))",
        hint: "keep all of the published columns, as '\(command: .findings, "--export")' wrote them")
    }
    return sheet
  }
}

/// Withdraws corrections.
struct WithdrawCommand: StageCommand {
  static let stage = "load"
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "Withdraw corrections: the registry gets the values of the source again.")

  @Argument(help: ArgumentHelp("The BANs of the businesses.", valueName: "ban"))
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
        throw Failure(.usage, "'\(ban)' is not a BAN", hint: "a BAN has eight digits")
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
