import Glibc

/// Shell scripts as child processes. (Foundation's Process waits for a socket that every descendant inherits, and a
/// server that a script leaves behind would keep it open for ever.)
enum Shell {
  struct Failed: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs a script to its end.
  ///
  /// - Returns: what it wrote on stdout, without the last line end.
  static func run(_ script: String, _ variables: [String: String]) throws -> String {
    let (read, write) = try pipe()
    let child: pid_t
    do {
      defer { close(write) }
      child = try spawn(script, variables, stdin: nil, stdout: write)
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
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw Failed(description: "the script ended with status \(status >> 8)") }
    if output.last == UInt8(ascii: "\n") { output.removeLast() }
    return String(decoding: output, as: UTF8.self)
  }

  /// Starts a script whose stdin ends with this process, however it ends.
  static func startOnLeash(_ script: String, _ variables: [String: String]) throws {
    let (read, _) = try pipe()
    defer { close(read) }
    // The other end is left open on purpose: the kernel closes it.
    _ = try spawn(script, variables, stdin: read, stdout: nil)
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else { throw Failed(description: "no pipe: \(String(cString: strerror(errno)))") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func spawn(_ script: String, _ variables: [String: String], stdin: Int32?, stdout: Int32?) throws
    -> pid_t
  {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let stdin {
      posix_spawn_file_actions_adddup2(&actions, stdin, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    if let stdout {
      posix_spawn_file_actions_adddup2(&actions, stdout, 1)
    } else {
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    }
    // A group of its own: Ctrl-C on the tests must not reach the server before them.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))

    let assignments = variables.map { "\($0)='\($1)'; " }.joined()
    let words: [String] = ["/bin/sh", "-c", assignments + script]
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    var child = pid_t()
    let code = posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments + [nil], environ)
    guard code == 0 else { throw Failed(description: "no process: \(String(cString: strerror(code)))") }
    return child
  }
}
