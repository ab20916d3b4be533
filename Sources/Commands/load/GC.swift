import ArgumentParser
import CommandKit
import FoundationEssentials
import LoadStage
import Support

/// Removes old snapshots, files that can be rebuilt, and expired rows of the database.
struct GCCommand: SpoolCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract:
      "Remove old snapshots, and files that can be made again. The published snapshot and snapshots in use stay.")

  @OptionGroup var spoolOptions: SpoolOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var retention: RetentionOptions
  @Flag(help: ArgumentHelp("Clean up the spool only: there is no database.", visibility: .hidden))
  var withoutDatabase = false
  @Flag(
    help: ArgumentHelp("Clean up at the end of a run: log what is removed, and ignore errors.", visibility: .hidden))
  var afterRun = false
  @OptionGroup var output: OutputOptions

  var isLogged: Bool { afterRun }

  func run() throws {
    let limits = try retention.resolve()
    if afterRun {
      let log = EventLog.ofRun(stage: "load", spool: spoolOptions.path)
      StageRun.cleanUp(try database.resolve(), spool: spoolOptions.path, limits, log)
      return
    }
    let freed = try Cleanup.run(
      withoutDatabase ? nil : database.resolve(), spool: spoolOptions.path, limits)
    var stdout = StandardOutput()
    if output.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      try stdout.write(line: String(decoding: try encoder.encode(freed), as: UTF8.self))
    } else {
      for line in freed.lines { try stdout.write(line: line) }
    }
    try stdout.flush()
  }
}

extension Freed {
  /// The output as lines of text.
  var lines: [String] {
    var lines = removed.map { "removed    \($0.snapshot), \(Self.size($0.bytes))" }
    lines += stripped.map {
      "stripped   \($0.snapshot): files that transform can rebuild, \(Self.size($0.bytes))"
    }
    lines += inUse.map { "in use     \($0): skipped" }
    if findings > 0 { lines.append("deleted    \(findings) findings from the database") }
    if changes > 0 { lines.append("deleted    \(changes) rows of the change feed from the database") }
    return lines + ["freed      \(Self.size(bytes))"]
  }

  private static func size(_ bytes: Int) -> String {
    bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\((bytes + 1023) >> 10) KiB"
  }
}
