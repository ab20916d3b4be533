import Foundation
import Support

/// The executables under test, as they are built.
public struct Programs: Sendable {
  public enum Name: String, CaseIterable, Sendable { case fetch, transform, load }

  let folder: String
  /// What every process finds in its environment, beside what a command adds.
  let environment: [String: String]

  /// - Parameters:
  ///   - folder: where the executables lie.
  ///   - environment: what is taken from it is what leads to the database and what any program needs. The user's settings
  ///     for real runs, a proxy among them, must not decide what comes of a proof.
  public init(folder: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.folder = folder
    let isWanted = { (name: String) in
      ["PATH", "HOME", "LANG", "TZ", "TMPDIR"].contains(name)
        || ["PG", "LC_", "LD_"].contains { name.hasPrefix($0) }
    }
    self.environment = environment.filter { isWanted($0.key) }.merging([
      "JOBS": "2", "LOG_LEVEL": "warning", "RETRY_PAUSE_SECONDS": "0",
    ]) { $1 }
  }

  /// What is left of a process.
  struct ExitResult: CustomStringConvertible {
    var code: Int32?
    var signal: Int32?
    var stdout: String
    var stderr: String

    var description: String {
      (code.map { "exit code \($0)" } ?? "killed by signal \(signal ?? 0)") + ": "
        + stderr.split(separator: "\n").suffix(4).joined(separator: " | ")
    }
  }

  private static let secondsMax = 120

  /// Runs a program to its end; one that hangs is ended.
  ///
  /// - Parameter folder: where its output goes, for as long as it runs. Files, unlike pipes, never fill up.
  func run(
    _ name: Name, _ arguments: [String], _ variables: [String: String], outputIn folder: String
  ) throws -> ExitResult {
    let (stdout, stderr) = (folder + "/stdout", folder + "/stderr")
    let path = self.folder + "/" + name.rawValue
    var process = ChildProcess([path] + arguments, environment: environment.merging(variables) { $1 })
    process.stdout = .file(stdout, truncate: true)
    process.stderr = .file(stderr, truncate: true)
    let child: pid_t
    do throws(SystemError) { child = try process.start() } catch {
      throw Failure(
        .configuration, "unable to start '\(path)': \(error)", hint: "build it: \(PipelineCommand.script) status")
    }
    let end = try Self.wait(for: child)
    return ExitResult(
      code: end.code, signal: end.signal, stdout: Self.readAndRemove(stdout), stderr: Self.readAndRemove(stderr))
  }

  /// - Returns: how the child ended.
  package static func wait(for child: pid_t) throws -> ChildProcess.End {
    var looks = 0
    while true {
      do throws(SystemError) { if let end = try ChildProcess.end(of: child) { return end } } catch {
        throw Failure(.bug, "unable to wait for process \(child): \(error)")
      }
      // A few milliseconds are all that most of them take.
      usleep(2000)
      looks += 1
      if looks == secondsMax * 500 { kill(child, SIGABRT) }
    }
  }

  /// What a process printed into a file, which then is no more.
  private static func readAndRemove(_ path: String) -> String {
    let bytes = FileManager.default.contents(atPath: path) ?? Data()
    unlink(path)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Programs {
  /// What each program itself says that its fault points are, and what can happen there.
  func faultPoints(outputIn folder: String) throws -> [Name: [String: [String]]] {
    var listed: [Name: [String: [String]]] = [:]
    for name in Name.allCases {
      let ended = try run(name, [], ["REGISTRY_FAULT": "list"], outputIn: folder)
      guard ended.code == 0, !ended.stdout.isEmpty else {
        throw Failure(.configuration, "'\(name.rawValue)' lists no fault points: \(ended)")
      }
      for line in ended.stdout.split(separator: "\n") {
        let parts = line.split(separator: "\t")
        guard parts.count == 2 else { continue }
        listed[name, default: [:]][String(parts[0])] = parts[1].split(separator: " ").map(String.init)
      }
    }
    return listed
  }
}

/// The points that a command reached, in order.
struct Trace: Sendable {
  let points: [String]

  static func read(_ path: String) throws -> Trace {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    return Trace(points: String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init))
  }

  var counts: [String: Int] { points.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
}
