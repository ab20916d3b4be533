import Glibc
import Support

/// Runs shell scripts as child processes. (Foundation's Process waits for a socket that every descendant inherits; a
/// server that a script leaves running would keep it open.)
enum Shell {
  struct Failed: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs a script to its end.
  ///
  /// - Returns: its stdout without the last line end.
  static func run(_ script: String, _ variables: [String: String]) throws -> String {
    let (read, write) = try pipe()
    let child: pid_t
    do {
      defer { close(write) }
      child = try spawn(script, variables, stdin: .null, stdout: .descriptor(write))
    }
    defer { close(read) }
    var output: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Glibc.read(read, &block, block.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      output += block[..<count]
    }
    let end = try ChildProcess.end(of: child, wait: true)
    guard end == .exit(0) else { throw Failed(description: "the script ended with \(end.map { "\($0)" } ?? "")") }
    if output.last == UInt8(ascii: "\n") { output.removeLast() }
    return String(decoding: output, as: UTF8.self)
  }

  /// Starts a script whose stdin closes when this process ends, even if it is killed.
  static func startOnLeash(_ script: String, _ variables: [String: String]) throws {
    let (read, _) = try pipe()
    defer { close(read) }
    // The other end is deliberately left open: the kernel closes it.
    _ = try spawn(script, variables, stdin: .descriptor(read), stdout: .null)
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else { throw SystemError() }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func spawn(
    _ script: String, _ variables: [String: String], stdin: ChildProcess.Stream, stdout: ChildProcess.Stream
  ) throws -> pid_t {
    let assignments = variables.map { "\($0)='\($1)'; " }.joined()
    var process = ChildProcess(["/bin/sh", "-c", assignments + script], environment: ChildProcess.environment)
    (process.stdin, process.stdout, process.stderr) = (stdin, stdout, .descriptor(STDERR_FILENO))
    // Ctrl-C must not stop the server before the tests.
    process.group = .own
    return try process.start()
  }
}
