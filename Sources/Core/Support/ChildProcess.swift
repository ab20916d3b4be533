import CSupport
import Glibc

/// Starts programs without Foundation. Its Process may hang if other children are started meanwhile, since each
/// inherits the socket that it waits for.
package struct ChildProcess {
  /// What a descriptor of the child refers to.
  package enum Stream {
    case null
    /// A file: created if there is none, and appended to unless it is truncated.
    case file(String, truncate: Bool = false)
    /// A descriptor of this process.
    case descriptor(Int32)
  }

  /// The program's path and its arguments.
  package var command: [String]
  /// The complete environment of the child.
  package var environment: [String: String]
  package var stdin = Stream.null
  package var stdout = Stream.null
  package var stderr = Stream.null
  /// Further descriptors, from 3 on.
  package var others: [Int32: Stream] = [:]
  package var group = Group.inherited

  package enum Group {
    case inherited
    /// A process group of its own: Ctrl-C in this process's terminal does not signal it.
    case own
    /// A session of its own, which outlives this process's.
    case ownSession
  }

  package init(_ command: [String], environment: [String: String]) {
    self.command = command
    self.environment = environment
  }

  /// Starts the program. No signal is blocked or ignored in it (a shell could not trap it), and only the descriptors
  /// above are open: a child that inherits a listening socket keeps its port in use.
  ///
  /// - Returns: the child's process ID.
  package func start() throws(SystemError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let streams = others.merging([0: stdin, 1: stdout, 2: stderr]) { $1 }
    // Descriptors of this process first: files that are opened later may take their numbers.
    for case (let number, .descriptor(let own)) in streams { posix_spawn_file_actions_adddup2(&actions, own, number) }
    for (number, stream) in streams {
      switch stream {
      case .null: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
      case .file(let path, let truncate):
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | (truncate ? O_TRUNC : O_APPEND)
        posix_spawn_file_actions_addopen(&actions, number, path, flags, 0o600)
      case .descriptor: break
      }
    }
    let last = streams.keys.max() ?? 2
    for number in 3..<max(3, last) where streams[number] == nil {
      posix_spawn_file_actions_addclose(&actions, number)
    }
    let code = registry_close_from(&actions, last + 1)
    guard code == 0 else { throw SystemError(code) }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let own: Int32 =
      switch group {
      case .inherited: 0
      case .own: POSIX_SPAWN_SETPGROUP
      case .ownSession: 0x80  // POSIX_SPAWN_SETSID
      }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | own))

    let words = command.map { strdup($0) }
    let variables = environment.map { strdup("\($0)=\($1)") }
    defer { for text in words + variables { free(text) } }
    var child = pid_t()
    let result = posix_spawn(&child, command.first ?? "", &actions, &attributes, words + [nil], variables + [nil])
    guard result == 0 else { throw SystemError(result) }
    return child
  }

  /// How a process ended.
  package enum End: Equatable {
    case exit(Int32)
    case signal(Int32)

    /// - Parameter status: as `waitpid` gives it.
    package init(status: Int32) { self = status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F) }

    /// The exit code; nil after a signal.
    package var code: Int32? { if case .exit(let code) = self { code } else { nil } }
    package var signal: Int32? { if case .signal(let signal) = self { signal } else { nil } }
  }

  /// Returns how a child ended.
  ///
  /// - Returns: nil while it runs.
  package static func end(of child: pid_t, wait: Bool = false) throws(SystemError) -> End? {
    var status: Int32 = 0
    while true {
      let ended = waitpid(child, &status, wait ? 0 : WNOHANG)
      if ended == child { return End(status: status) }
      if ended == 0 { return nil }
      let error = SystemError()
      guard error.code == EINTR else { throw error }
    }
  }

  /// The environment of this process.
  package static var environment: [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      next += 1
    }
    return variables
  }
}
