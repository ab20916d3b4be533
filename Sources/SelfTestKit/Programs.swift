import Failures
import Foundation
import Synchronization

/// The executables under test, as they are built.
public struct Programs: Sendable {
  public enum Name: String, CaseIterable, Sendable { case fetch, transform, load }

  let folder: String
  /// What every process finds in its environment, beside what a command adds.
  let environment: [String: String]

  /// - Parameter folder: where the executables lie.
  public init(folder: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.folder = folder
    // What the user has set for the real runs must not reach these.
    let own = [
      "RUN_ID", "RUN_MARKER", "SOURCE_URL", "SPOOL_DIR", "DATABASE_URL", "CHUNK_SIZE", "LOG_FORMAT", "KEEP",
      "RETAIN_DAYS",
    ]
    self.environment = environment.filter { !own.contains($0.key) && !$0.key.hasPrefix("MAX_") }
      .merging(["JOBS": "2", "LOG_LEVEL": "warning"]) { $1 }
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

  /// Runs a program to its end; one that hangs is killed.
  func run(_ name: Name, _ arguments: [String], _ variables: [String: String]) throws -> Ended {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: folder + "/" + name.rawValue)
    process.arguments = arguments
    process.environment = environment.merging(variables) { $1 }
    process.standardInput = FileHandle.nullDevice
    let (stdout, stderr) = (try OutputFile(), try OutputFile())
    process.standardOutput = stdout.handle
    process.standardError = stderr.handle
    do { try Self.starting.withLock { _ in try process.run() } } catch {
      throw Failure(.configuration, "unable to start '\(folder)/\(name.rawValue)': \(error.localizedDescription)")
    }
    let identifier = process.processIdentifier
    let deadline = DispatchWorkItem { kill(identifier, SIGABRT) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 120, execute: deadline)
    process.waitUntilExit()
    deadline.cancel()
    let isSignal = process.terminationReason == .uncaughtSignal
    return Ended(
      code: isSignal ? nil : process.terminationStatus, signal: isSignal ? process.terminationStatus : nil,
      stdout: try stdout.text(), stderr: try stderr.text())
  }
}

extension Programs {
  /// What each program itself says that its fault points are, and what can happen there.
  func faultPoints() throws -> [Name: [String: [String]]] {
    var listed: [Name: [String: [String]]] = [:]
    for name in Name.allCases {
      let ended = try run(name, [], ["REGISTRY_FAULT": "list"])
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

/// A file without a name: unlike a pipe it never fills up.
private struct OutputFile {
  let handle: FileHandle

  init() throws {
    var name = Array("/tmp/registry-selftest.XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else { throw Failure.system("create a file in '/tmp'", errno: errno) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(name)
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func text() throws -> String {
    try handle.seek(toOffset: 0)
    return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
  }
}
