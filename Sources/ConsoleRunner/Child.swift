import CFiles
import Failures
import Glibc

/// Starting programs, without Foundation: its Process may hang where other children are started meanwhile.
enum Child {
  /// The number under which a child finds the descriptor that it inherits. `pipeline.sh` uses those from 7 on.
  private static let inheritedNumber: Int32 = 6

  /// - Parameters:
  ///   - command: the program's path and its arguments.
  ///   - inherited: a descriptor that stays open for as long as the child or any child of its own lives.
  ///   - variables: of the environment, besides our own; nil takes one away.
  ///   - ownSession: whether it leads a session of its own.
  static func start(
    _ command: [String], stdout: String, stderr: String, inherited: Int32? = nil, variables: [String: String?] = [:],
    ownSession: Bool = false
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (descriptor, file) in [(Int32(1), stdout), (2, stderr)] {
      posix_spawn_file_actions_addopen(&actions, descriptor, file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600)
    }
    if let inherited { posix_spawn_file_actions_adddup2(&actions, inherited, inheritedNumber) }
    // A run that inherits the console's listening socket keeps its port in use until the run ends.
    for descriptor in 3..<inheritedNumber { posix_spawn_file_actions_addclose(&actions, descriptor) }
    guard registry_close_from(&actions, inherited == nil ? inheritedNumber : inheritedNumber + 1) == 0 else {
      throw Failure.system("start '\(command.first ?? "")'", errno: ENOMEM)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // No signal stays blocked or ignored: a shell could not trap it.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let newSession: Int32 = ownSession ? 0x80 : 0  // POSIX_SPAWN_SETSID
    posix_spawnattr_setflags(&attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | newSession))

    let words = command.map { strdup($0) }
    var changed = Environment.current
    for (name, value) in variables { changed[name] = value }
    let environment = changed.map { strdup("\($0)=\($1)") }
    defer { for text in words + environment { free(text) } }
    var child = pid_t()
    let code = posix_spawn(&child, command.first ?? "", &actions, &attributes, words + [nil], environment + [nil])
    guard code == 0 else { throw Failure.system("start '\(command.first ?? "")'", errno: code) }
    return child
  }
}

private enum Environment {
  static var current: [String: String] {
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
