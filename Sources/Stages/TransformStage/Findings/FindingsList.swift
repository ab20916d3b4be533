import CommandKit
import Spool
import StructuredLogging
import Support

/// Lists the rejections and warnings of a finalized snapshot, from the spool alone.
public enum FindingsList {
  /// Writes the findings to stdout, or to a sheet with a summary on stdout.
  ///
  /// - Throws: category `notReady` if the snapshot is not finalized, `data` if a file of it is damaged.
  public static func run(_ settings: FindingsSettings, log: EventLog, into output: inout StandardOutput) throws {
    try settings.folder.use(stop: log.whileWaiting(for: settings.folder.useLock)) {
      try list(settings, log: log, into: &output)
    }
  }

  private static func list(
    _ settings: FindingsSettings, log: EventLog, into output: inout StandardOutput
  ) throws {
    let reader = try FindingsReader(settings)
    if settings.onlyNew, reader.previous == nil {
      if let earlier = try reader.snapshot.earlier(isFinalized: false) {
        log.advise(
          "no earlier snapshot is transformed any more: there is nothing to compare with, and all findings are listed; to compare, transform the one before again: \(command: .transform, snapshot: earlier.id)"
        )
      } else {
        log.info("there is no earlier snapshot to compare with: all findings are listed")
      }
    }
    let counts: [String: Int]
    switch settings.form {
    case .json: counts = try reader.read { try output.write($0.bytes) }
    case .table(let width):
      let table = FindingsTable(
        codes: reader.snapshot.counts.keys.filter { settings.codes.isEmpty || settings.codes.contains($0) },
        records: reader.snapshot.records, width: width)
      counts = try reader.read { try output.write(line: table.line(try $0.decoded())) }
    case .sheet(let path, _):
      let rows: Int
      (rows, counts) = try write(reader, to: path)
      try output.write(line: "\(rows) record\(rows == 1 ? " is" : "s are") written to '\(Terminal.safe(path))'")
    }
    if settings.form != .json { try output.write(line: summary(counts, settings, reader)) }
    try output.flush()
  }

  private static func write(_ reader: FindingsReader, to path: String) throws -> (rows: Int, counts: [String: Int]) {
    var counts: [String: Int] = [:]
    let rows = try FindingsSheet.write(path, header: reader.snapshot.header) { sheet in
      counts = try reader.read { try sheet.append(try $0.decoded()) }
    }
    return (rows, counts)
  }

  /// The last line of the output: the number of findings by code.
  private static func summary(_ counts: [String: Int], _ settings: FindingsSettings, _ reader: FindingsReader) -> String
  {
    var place = "snapshot \(reader.snapshot.folder.id)"
    var new = ""
    if let previous = reader.previous {
      place += ", compared with \(previous.folder.id)"
      new = "new "
    } else if settings.onlyNew {
      place += ", without an earlier one to compare with"
    }
    let total = counts.values.reduce(0, +)
    let which = settings.codes.isEmpty ? "" : " of these codes"
    guard total > 0 else { return "no \(new)findings\(which): \(place)" }
    let each = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    return "\(total) \(new)finding\(total == 1 ? "" : "s"): \(each) (\(place))"
  }
}
