import Foundation
import Spool
import Support

/// Creates workspaces in a folder of the user's spool, on the same disk, and in the user's database.
public final class TestEnvironment: Sendable {
  let programs: Programs
  let database: ScratchDatabase
  /// The scratch folder.
  let folder: String
  /// The volume of workspaces and database, if kills are power cuts.
  let power: PowerVolume?
  let days: [[UInt8]]
  private let lock: SharedLock

  /// The folder of the workspaces.
  private var workspaces: String { power?.folder ?? folder }

  /// - Parameters:
  ///   - target: the database to test with.
  ///   - spool: the folder in which the scratch folder is made.
  public init(programs: Programs, target: Target, spool: String) throws {
    self.programs = programs
    days = try SmallRegistry.days(4)
    try Folder.make(spool, followLinks: true)
    try Self.removeLeftovers(spool)
    folder = spool + "/\(Self.prefix)\(UInt32.random(in: .min ... .max))"
    try Folder.make(folder)
    guard let lock = try FileLock.tryLock(folder + "/.lock") else { throw Failure(.bug, "a new lock is already held") }
    self.lock = SharedLock(lock)
    switch target {
    case .database(let url):
      power = nil
      database = try ScratchDatabase(url)
    case .volume(let kind, let postgres):
      let volume = try PowerVolume(in: folder, kind: kind, postgres: postgres)
      power = volume
      database = try ScratchDatabase(volume.databaseURL)
    }
  }

  /// The database in which scratch schemas are made.
  public enum Target {
    case database(url: String)
    /// A new volume with a server, whose power is cut instead of killing the programs.
    ///
    /// - Parameter postgres: the folder of PostgreSQL's programs.
    case volume(VolumeKind, postgres: String)
  }

  private static let prefix = ".selftest."

  /// Removes the folders of self-tests that were killed: no process holds their locks.
  private static func removeLeftovers(_ spool: String) throws {
    for name in try Folder.names(spool) where name.hasPrefix(prefix) {
      let path = spool + "/" + name
      // Another user's folder is skipped, and one without a lock file, which is just being created.
      guard let lock = try? FileLock.tryLock(path + "/.lock", make: false) else { continue }
      try? lock.hold { try Folder.remove(path) }
    }
  }

  /// Removes the scratch folder.
  public func remove() throws {
    try power?.remove()
    try Folder.remove(folder)
  }

  /// Creates a workspace with an empty spool and, if needed, a schema.
  ///
  /// - Parameter source: the file name of the source, which is beside the workspace.
  func workspace(_ name: String, source: String, withDatabase: Bool) throws -> Workspace {
    let path = workspaces + "/" + name
    try Folder.make(path)
    return Workspace(
      programs: programs, folder: path, source: workspaces + "/" + source, outputs: power == nil ? path : folder,
      database: withDatabase ? try database.schema() : nil, days: days)
  }

  /// Prepares the scenario's spool and runs its command without a fault.
  package func rehearse(_ scenario: Scenario, _ index: Int) throws -> FaultFreeRun {
    let before = try workspace("\(index)", source: "\(index).csv", withDatabase: false)
    try scenario.prepareSpool(before)
    return try withCopy(before, scenario, "\(index)-rehearsal") { workspace in
      let registry = try WorkspaceContent(workspace).database?.registry ?? [:]
      let trace = workspace.folder + "/trace"
      let ended = try workspace.run(scenario.command, fault: "trace@" + trace)
      guard let code = ended.code else { throw Failure(.bug, "\(scenario.name): without a fault, \(ended)") }
      var outcomes = [try WorkspaceContent(workspace)]
      if scenario.actsEachTime {
        try workspace.expect(scenario.command, code: code)
        outcomes.append(try WorkspaceContent(workspace))
      }
      return FaultFreeRun(
        before: before, registryBefore: registry, code: code, outcomes: outcomes, hits: try Trace.read(trace).counts)
    }
  }

  /// Returns the points that a scenario's command reaches, in order, with one worker.
  package func trace(_ name: String) throws -> [String] {
    guard let scenario = Scenario.all.first(where: { $0.name == name }) else {
      throw Failure(.bug, "there is no scenario '\(name)'")
    }
    let before = try workspace("trace", source: "trace.csv", withDatabase: false)
    try scenario.prepareSpool(before)
    return try withCopy(before, scenario, "trace-copy") { workspace in
      let trace = workspace.folder + "/trace"
      try workspace.expect(scenario.command, fault: "trace@" + trace, variables: ["JOBS": "1"])
      return try Trace.read(trace).points
    }
  }

  /// Returns the number of schemas of this environment that were not dropped.
  package func schemasLeft() throws -> Int { try database.schemasLeft() }

  /// Passes a copy of the state before a scenario's command to `body`, and removes it afterwards.
  func withCopy<Result>(
    _ before: Workspace, _ scenario: Scenario, _ name: String, _ body: (Workspace) throws -> Result
  ) throws -> Result {
    let schema = scenario.prepareDatabase != nil ? try database.schema() : nil
    let workspace = try before.copy(to: workspaces + "/" + name, outputs: power == nil ? nil : folder, database: schema)
    defer {
      try? Folder.remove(workspace.folder)
      try? schema?.drop()
    }
    try scenario.prepareDatabase?(workspace)
    return try body(workspace)
  }
}

/// Holds a lock as long as it lives.
private final class SharedLock: Sendable {
  private let lock: FileLock
  init(_ lock: consuming FileLock) { self.lock = lock }
}
