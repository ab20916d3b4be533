import GeneratorKit
import Glibc
import Spool
import TestSupport
import Testing

/// A spool for one test, and commands that run on it.
struct CommandSandbox {
  let scratch: ScratchFolder
  var spool: String
  /// The environment of every command; tests add to it.
  var environment = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "TZ": "CST-8", "LC_ALL": "C.UTF-8"]

  init(onDisk: Bool = false) {
    scratch = ScratchFolder(onDisk: onDisk)
    spool = scratch.path + "/spool"
  }

  /// Returns a command of a stage for this spool.
  func command(_ stage: String, _ arguments: [String], _ variables: [String: String] = [:]) -> Command {
    Command(
      program: Command.path(of: stage), arguments: ["--spool", spool] + arguments,
      environment: environment.merging(variables) { $1 }, folder: scratch.path)
  }

  func start(_ stage: String, _ arguments: String..., variables: [String: String] = [:]) throws -> Running {
    try command(stage, arguments, variables).start()
  }

  func run(_ stage: String, _ arguments: String..., variables: [String: String] = [:]) throws -> Ended {
    try command(stage, arguments, variables).run()
  }

  /// Runs a stage and requires exit code 0.
  @discardableResult
  func succeed(
    _ stage: String, _ arguments: String..., variables: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Ended {
    let ended = try command(stage, arguments, variables).run()
    try #require(ended.code == 0, "\(stage) \(arguments): \(ended)", sourceLocation: sourceLocation)
    return ended
  }

  /// Writes a file and returns its path.
  func file(_ bytes: [UInt8], _ name: String = "source.csv") -> String { scratch.write(bytes, to: name) }
  func file(_ text: String, _ name: String = "source.csv") -> String { file(Array(text.utf8), name) }

  var snapshots: [SnapshotFolder] {
    get throws { try SpoolIndex.snapshots(spool).map { SnapshotFolder(spool: spool, id: $0) } }
  }

  /// Returns the only snapshot.
  func snapshot(sourceLocation: SourceLocation = #_sourceLocation) throws -> SnapshotFolder {
    let all = try snapshots
    try #require(all.count == 1, "\(all.map(\.path))", sourceLocation: sourceLocation)
    return all[0]
  }

  /// The markers of running or killed runs.
  var markers: [String] { get throws { try Folder.names(spool + "/.runs") } }
}

/// Generated sources.
enum Source {
  /// Returns a realistic source with the given number of records for each kind of dirt.
  static func generate(rows: Int, seed: UInt64 = 1, dirt: [DirtKind: Int] = [:]) throws -> [UInt8] {
    var options = GeneratorOptions(rows: rows, seed: seed)
    for (kind, count) in dirt { options.dirt[kind] = count }
    return try Generator(options).generate().bytes
  }

  /// Returns a simple source in which the first `bad` records have an invalid BAN.
  static func plain(rows: Int, bad: Int = 0) -> String {
    var text =
      "統一編號,營業人名稱,營業地址,總機構統一編號,資本額,設立日期,組織別名稱,使用統一發票,行業代號,名稱,行業代號1,名稱1,行業代號2,名稱2,行業代號3,名稱3\n"
    let rest = String(repeating: ",", count: 14)
    for row in 0..<rows { text += (row < bad ? "x" : "\(10_000_000 + row)") + ",第\(row)號\(rest)\n" }
    return text
  }
}
