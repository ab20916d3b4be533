import Failures
import Foundation
import Synchronization

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

  /// Foundation is not made to start two processes at once from two threads.
  private static let starting = Mutex(())
  private static let secondsMax = 120.0

  /// Runs a program to its end; one that hangs is ended.
  ///
  /// - Parameter folder: where its output goes, for as long as it runs. Files, unlike pipes, never fill up.
  func run(
    _ name: Name, _ arguments: [String], _ variables: [String: String], outputIn folder: String
  ) throws -> Ended {
    let (stdout, stderr) = (try OutputFile(folder + "/stdout"), try OutputFile(folder + "/stderr"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: self.folder + "/" + name.rawValue)
    process.arguments = arguments
    process.environment = environment.merging(variables) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = stdout.handle
    process.standardError = stderr.handle
    do { try Self.starting.withLock { _ in try process.run() } } catch {
      throw Failure(
        .configuration, "unable to start '\(self.folder)/\(name.rawValue)': \(error.localizedDescription)",
        hint: "build it: ./pipeline.sh status")
    }
    let identifier = process.processIdentifier
    let deadline = DispatchWorkItem { kill(identifier, SIGABRT) }
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.secondsMax, execute: deadline)
    process.waitUntilExit()
    deadline.cancel()
    let isSignal = process.terminationReason == .uncaughtSignal
    return Ended(
      code: isSignal ? nil : process.terminationStatus, signal: isSignal ? process.terminationStatus : nil,
      stdout: stdout.take(), stderr: stderr.take())
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

/// A file that takes what a process prints.
private struct OutputFile {
  let handle: FileHandle
  private let path: String

  init(_ path: String) throws {
    self.path = path
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure.system("create '\(path)'", errno: errno) }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// What is in it; then it is no more.
  func take() -> String {
    let bytes = FileManager.default.contents(atPath: path) ?? Data()
    unlink(path)
    return String(decoding: bytes, as: UTF8.self)
  }
}
