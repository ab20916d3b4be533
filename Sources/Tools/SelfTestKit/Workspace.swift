import CommandKit
import Foundation
import Postgres
import Spool
import Support
import Zstd

/// A spool and a schema, and the programs that run on them.
package struct Workspace: Sendable {
  let programs: Programs
  let folder: String
  /// The path of the source, the same for all days and for copies of the workspace.
  let source: String
  /// The folder for the output of programs.
  let outputs: String
  let database: ScratchSchema?
  /// The sources of the days.
  let days: [[UInt8]]

  var spool: String { folder + "/spool" }

  func snapshots() throws -> [SnapshotFolder] {
    try SpoolIndex.snapshots(spool).map { SnapshotFolder(spool: spool, id: $0) }
  }

  /// Makes a day's file the source.
  package func publish(day: Int) throws { try Data(days[day]).write(to: URL(fileURLWithPath: source)) }

  /// Makes a day's file the source, as an archive.
  package func publishArchive(day: Int) throws {
    var archive = Data()
    var compressor = try Compressor(level: 1)
    try days[day].withUnsafeBytes { try compressor.compress(whole: $0) { archive.append(contentsOf: $0) } }
    try archive.write(to: URL(fileURLWithPath: source))
  }

  /// Runs a command on the spool and the schema.
  ///
  /// - Parameter fault: the value of `REGISTRY_FAULT`.
  func run(
    _ command: Command, fault: String? = nil, variables: [String: String] = [:]
  ) throws -> Programs.ExitResult {
    var variables = variables.merging(["SPOOL_DIR": spool]) { $1 }
    if let database { variables["DATABASE_URL"] = database.url }
    if let fault { variables["REGISTRY_FAULT"] = fault }
    let arguments = try command.arguments.map { word in
      switch word {
      case .text(let text): text
      case .source: source
      case .snapshot(let index): try snapshot(index)
      case .file(let name): folder + "/" + name
      }
    }
    let stdin = command.readsStdin ? source : "/dev/null"
    return try programs.run(command.program, arguments, variables, stdin: stdin, outputIn: outputs)
  }

  private func snapshot(_ index: Int) throws -> String {
    let all = try snapshots()
    guard all.indices.contains(index) else { throw Failure(.bug, "there is no snapshot \(index) in '\(spool)'") }
    return all[index].id.description
  }

  /// Runs a command that must end with `code`; nil if a signal must end it.
  func expect(
    _ command: Command, fault: String? = nil, code: Int32? = 0, variables: [String: String] = [:]
  ) throws {
    let ended = try run(command, fault: fault, variables: variables)
    guard ended.code == code else {
      // A signal to the whole process group ends the command too.
      try StopSignal.check()
      throw Failure(.bug, "unable to prepare '\(command)': \(ended)")
    }
  }

  /// Copies the workspace to another folder, with another schema.
  ///
  /// - Parameter outputs: the folder for the output of programs; nil for the new one.
  func copy(to folder: String, outputs: String?, database: ScratchSchema?) throws -> Workspace {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in try FileManager.default.contentsOfDirectory(atPath: self.folder) {
      try FileManager.default.copyItem(atPath: self.folder + "/" + name, toPath: folder + "/" + name)
    }
    return Workspace(
      programs: programs, folder: folder, source: source, outputs: outputs ?? folder, database: database, days: days)
  }
}

/// A program and its arguments.
package struct Command: Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  enum Argument: Sendable {
    case text(String)
    /// The path of the source.
    case source
    /// The name of a snapshot, by its index among those of the spool.
    case snapshot(Int)
    /// The path of a file in the workspace's folder.
    case file(String)
  }

  let program: Programs.Name
  let arguments: [Argument]
  package let description: String

  /// Whether the source is its standard input.
  var readsStdin: Bool { description.hasSuffix(" -") || description.contains(" - ") }

  /// `load --snapshot {0}`: words separated by spaces; `{source}`, `{N}` and `{file:NAME}` as above.
  package init(stringLiteral text: String) { self.init(text) }

  init(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard let program = words.first.flatMap(Programs.Name.init) else { preconditionFailure("no program in '\(text)'") }
    self.program = program
    description = text
    arguments = words.dropFirst().map { word in
      guard word.hasPrefix("{"), word.hasSuffix("}") else { return .text(word) }
      let inner = word.dropFirst().dropLast()
      if let index = Int(inner) { return .snapshot(index) }
      return inner.hasPrefix("file:") ? .file(String(inner.dropFirst(5))) : .source
    }
  }
}
