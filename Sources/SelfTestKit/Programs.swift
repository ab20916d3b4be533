import Failures
import Foundation

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
    self.environment = environment.filter { isWanted($0.key) }.merging(["JOBS": "2", "LOG_LEVEL": "warning"]) { $1 }
  }

  /// What is left of a process.
  struct Ended: CustomStringConvertible {
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
  /// Not by Foundation's Process: that waits for a socket, which any other child that is started meanwhile inherits.
  ///
  /// - Parameter folder: where its output goes, for as long as it runs. Files, unlike pipes, never fill up.
  func run(
    _ name: Name, _ arguments: [String], _ variables: [String: String], outputIn folder: String
  ) throws -> Ended {
    let (stdout, stderr) = (folder + "/stdout", folder + "/stderr")
    let child = try start(name, arguments, environment.merging(variables) { $1 }, stdout, stderr)
    let status = try Self.wait(for: child)
    let signal = status & 0x7F
    return Ended(
      code: signal == 0 ? status >> 8 & 0xFF : nil, signal: signal == 0 ? nil : signal, stdout: Self.take(stdout),
      stderr: Self.take(stderr))
  }

  /// - Returns: the status of the child, which has ended.
  package static func wait(for child: pid_t) throws -> Int32 {
    var status: Int32 = 0
    var looks = 0
    while true {
      let ended = waitpid(child, &status, WNOHANG)
      if ended == child { return status }
      guard ended == 0 || errno == EINTR else {
        throw Failure(.bug, "unable to wait for process \(child): \(String(cString: strerror(errno)).lowercased())")
      }
      // A few milliseconds are all that most of them take.
      usleep(2000)
      looks += 1
      if looks == secondsMax * 500 { kill(child, SIGABRT) }
    }
  }

  private func start(
    _ name: Name, _ arguments: [String], _ variables: [String: String], _ stdout: String, _ stderr: String
  ) throws -> pid_t {
    let path = self.folder + "/" + name.rawValue
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (descriptor, file) in [(Int32(1), stdout), (2, stderr)] {
      posix_spawn_file_actions_addopen(&actions, descriptor, file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    }
    let words = ([path] + arguments).map { strdup($0) }
    let settings = variables.map { strdup("\($0)=\($1)") }
    defer { for text in words + settings { free(text) } }
    var child = pid_t()
    let code = posix_spawn(&child, path, &actions, nil, words + [nil], settings + [nil])
    guard code == 0 else {
      throw Failure(
        .configuration, "unable to start '\(path)': \(String(cString: strerror(code)).lowercased())",
        hint: "build it: \(command: .status)")
    }
    return child
  }

  /// What a process printed into a file, which then is no more.
  private static func take(_ path: String) -> String {
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
