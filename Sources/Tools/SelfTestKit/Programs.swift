import Foundation
import Support

/// The executables under test.
public struct Programs: Sendable {
  /// The name of an executable.
  public enum Name: String, CaseIterable, Sendable { case fetch, transform, load }

  let folder: String
  /// The environment of every process. A command adds its own variables.
  let environment: [String: String]

  /// - Parameters:
  ///   - folder: the folder of the executables.
  ///   - environment: only the variables for the database and those that any program needs are taken from it. The
  ///     user's settings for real runs, such as a proxy, must not affect the test.
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

  /// How a process ended, and its output.
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

  /// Runs a program to its end. Aborts it after 120 s.
  ///
  /// - Parameter folder: the folder of its output files, which are removed afterwards. Files, unlike pipes, never fill
  ///   up.
  func run(
    _ name: Name, _ arguments: [String], _ variables: [String: String], stdin: String = "/dev/null",
    outputIn folder: String
  ) throws -> ExitResult {
    let (stdout, stderr) = (folder + "/stdout", folder + "/stderr")
    let path = self.folder + "/" + name.rawValue
    var process = ChildProcess([path] + arguments, environment: environment.merging(variables) { $1 })
    let input = open(stdin, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw Failure(.bug, "unable to open '\(stdin)'") }
    defer { close(input) }
    process.stdin = .descriptor(input)
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

  /// Waits for a child to end. Aborts it after 120 s.
  ///
  /// - Returns: how the child ended.
  package static func wait(for child: pid_t) throws -> ChildProcess.End {
    var looks = 0
    while true {
      do throws(SystemError) { if let end = try ChildProcess.end(of: child) { return end } } catch {
        throw Failure(.bug, "unable to wait for process \(child): \(error)")
      }
      // Most programs take only a few milliseconds.
      usleep(2000)
      looks += 1
      if looks == secondsMax * 500 { kill(child, SIGABRT) }
    }
  }

  /// Returns a file's content and removes the file.
  private static func readAndRemove(_ path: String) -> String {
    let bytes = FileManager.default.contents(atPath: path) ?? Data()
    unlink(path)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Programs {
  /// Returns the fault points that each program lists, with the faults of each point.
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

/// The fault points that a command has reached, in order.
struct Trace: Sendable {
  let points: [String]

  static func read(_ path: String) throws -> Trace {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    return Trace(points: String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init))
  }

  var counts: [String: Int] { points.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
}
