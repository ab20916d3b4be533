import Glibc
import Spool
import Support
import Synchronization

/// The run monitors that are child processes of this console. It must wait for them, or they stay as zombies. Monitors
/// that an earlier console started are not its children.
enum RunMonitors {
  private static let pids = Mutex<[pid_t]>([])

  static func add(_ pid: pid_t) { pids.withLock { $0.append(pid) } }

  /// Reaps the monitors that have ended.
  ///
  /// - Returns: whether any is still running.
  static func reap() -> Bool {
    pids.withLock { pids in
      pids.removeAll { waitpid($0, nil, WNOHANG) == $0 }
      return !pids.isEmpty
    }
  }
}

/// Signals all processes of a session. A run's stages have process groups of their own, but share its session.
enum ProcessGroup {
  static func signal(_ signal: Int32, session: pid_t, exceptFor own: pid_t = 0) {
    for name in (try? Folder.names("/proc")) ?? [] {
      guard let pid = pid_t(name), pid != own, getsid(pid) == session else { continue }
      kill(pid, signal)
    }
  }
}

extension ChildProcess {
  /// Starts the process.
  ///
  /// - Throws: a ``Failure`` that names the program.
  func startOrFail() throws(Failure) -> pid_t {
    do throws(SystemError) { return try start() } catch {
      throw .system("start '\(command.first ?? "")'", errno: error.code)
    }
  }
}
