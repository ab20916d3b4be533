import Glibc
import Spool
import TestSupport
import Testing

/// A copy of the scripts with the real executables, stamped as just built.
struct ScriptCopy {
  var workshop = CommandSandbox()
  var folder: String { workshop.scratch.path + "/copy" }

  init() throws {
    let root = Folder.of(Folder.of(Folder.of(#filePath)))
    let script = """
      set -e
      mkdir -p copy/Sources copy/.build/release
      cp -L "$root/pipeline.sh" "$root/Package.swift" copy/
      cp -RL "$root/Sources/pipeline" copy/Sources/
      for stage in fetch transform load; do ln -s "$binaries/$stage" copy/.build/release/; done
      touch -d '+1 hour' copy/.build/pipeline.stamp
      """
    let variables = ["root": root, "binaries": Folder.of(Command.path(of: "fetch"))]
    try shell(script, variables)
    workshop.spool = folder + "/spool"
    mkdir(workshop.spool, 0o755)
  }

  /// Runs a shell script in the scratch folder and requires exit code 0.
  @discardableResult
  func shell(_ script: String, _ variables: [String: String] = [:]) throws -> Ended {
    let ended = try Command(
      program: "/bin/sh", arguments: ["-c", script], environment: workshop.environment.merging(variables) { $1 },
      folder: workshop.scratch.path
    ).run()
    try #require(ended.code == 0, "\(ended)")
    return ended
  }

  func run(_ arguments: [String], _ variables: [String: String] = [:]) throws -> Ended {
    try Command(
      program: folder + "/pipeline.sh", arguments: arguments,
      environment: workshop.environment.merging(["LOG_FORMAT": "json"]) { $1 }.merging(variables) { $1 },
      folder: workshop.scratch.path
    ).run()
  }
}
