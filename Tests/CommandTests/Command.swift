import Glibc
import Support
import TestSupport

/// A program and its arguments: a built stage, in the folder of the tests, or any other program.
struct Command {
  var program: String
  var arguments: [String] = []
  /// The complete environment: nothing is inherited from the test process.
  var environment: [String: String] = [:]
  var folder = "/"
  /// The file for stdout; nil for a temporary file that the test reads.
  var stdout: String?

  /// Returns the path of a stage's executable.
  static func path(of stage: String) -> String {
    let tests = (try? Executable.path()) ?? ""
    return String(tests[..<(tests.lastIndex(of: "/") ?? tests.startIndex)]) + "/" + stage
  }

  func start() throws -> Running { try Running(self) }

  func run() throws -> Ended { try start().wait() }
}

/// The result of a process.
struct Ended: CustomStringConvertible {
  /// Nil if a signal killed the process.
  let code: Int32?
  /// The signal that killed the process, if any.
  let signal: Int32?
  let stdout: String
  let stderr: String
  /// The highest memory use that was observed, in bytes.
  let peakBytes: Int

  var description: String {
    "\(code.map { "exit code \($0)" } ?? "killed by signal \(signal ?? 0)")\nstdout:\n\(stdout)stderr:\n\(stderr)"
  }
}

/// A started process. It is killed when the object is deinitialized.
final class Running {
  struct Overdue: Error { let description: String }

  let process: pid_t
  private let command: Command
  /// The folder for stdout and stderr: files, because pipes can fill up.
  private let output = ScratchFolder()
  /// A pipe that only the process holds open, so that it closes when the process ends. (A FIFO that the child itself
  /// opens: no other child that is started meanwhile can inherit it.)
  private let leash: Int32
  private var end: ChildProcess.End?
  private var peakBytes = 0

  fileprivate init(_ command: Command) throws {
    self.command = command
    let fifo = output.path + "/leash"
    mkfifo(fifo, 0o600)
    leash = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard leash >= 0 else { throw Overdue(description: "no pipe: \(SystemError())") }
    // The shell changes to the folder and becomes the program.
    let shell = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", command.folder, command.program]
    var child = ChildProcess(shell + command.arguments, environment: command.environment)
    (child.stdout, child.stderr) = (.file(command.stdout ?? output.path + "/stdout"), .file(output.path + "/stderr"))
    child.others = [3: .file(fifo)]
    // Its own group, so that Ctrl-C on the tests does not signal it.
    child.group = .own
    do throws(SystemError) { process = try child.start() } catch {
      close(leash)
      throw Overdue(description: "unable to start \(command.program): \(error)")
    }
  }

  deinit {
    if end == nil {
      kill(SIGKILL)
      _ = reap()
    }
    close(leash)
  }

  func kill(_ signal: Int32) { _ = Glibc.kill(process, signal) }

  /// Sends the signal to the process and its children.
  func killGroup(_ signal: Int32) { _ = Glibc.kill(-process, signal) }

  var hasEnded: Bool { leashEnds(milliseconds: 0) }

  /// Stderr so far.
  var stderr: String { text("stderr") }

  /// Waits for the end of the process, and kills it after `seconds`. Samples its memory use meanwhile: the kernel's
  /// figure for an ended child includes the memory of its parent.
  func wait(seconds: Int = 120, lookingEvery milliseconds: Int32 = 20) throws -> Ended {
    var looks = seconds * 1000 / Int(milliseconds)
    while !leashEnds(milliseconds: milliseconds) {
      look()
      looks -= 1
      guard looks <= 0 else { continue }
      kill(SIGKILL)
      _ = reap()
      throw Overdue(
        description: "\(command.program) \(command.arguments) takes more than \(seconds) s; so far:\n\(stderr)")
    }
    let end = reap()
    return Ended(
      code: end?.code, signal: end?.signal, stdout: text("stdout"), stderr: stderr, peakBytes: peakBytes)
  }

  private func look() {
    let status = String(decoding: ScratchFolder.read("/proc/\(process)/status") ?? [], as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let words = line?.split { $0 == " " || $0 == "\t" } ?? []
    if words.count > 1, let kibibytes = Int(words[1]) { peakBytes = max(peakBytes, kibibytes << 10) }
  }

  /// Waits until a condition holds, checking it every millisecond, for up to a minute.
  func wait(until what: String, _ isSo: () throws -> Bool) throws {
    for _ in 0..<60_000 {
      if try isSo() { return }
      guard !leashEnds(milliseconds: 1) else {
        // It may have become true right at the end.
        if try isSo() { return }
        throw Overdue(description: "it ended before \(what): \(try wait())")
      }
    }
    throw Overdue(description: "waited for \(what); so far:\n\(stderr)")
  }

  private func leashEnds(milliseconds: Int32) -> Bool {
    var poller = pollfd(fd: leash, events: Int16(POLLIN), revents: 0)
    return poll(&poller, 1, milliseconds) == 1
  }

  private func reap() -> ChildProcess.End? {
    if end == nil { end = try? ChildProcess.end(of: process, wait: true) }
    return end
  }

  private func text(_ name: String) -> String {
    String(decoding: ScratchFolder.read(output.path + "/" + name) ?? [], as: UTF8.self)
  }
}
