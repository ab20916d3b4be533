import Glibc
import Synchronization

/// Children of ours that have to be waited for, lest they stay as zombies. Attendants that an earlier console started are not.
enum Attendants {
  private static let pids = Mutex<[pid_t]>([])

  static func add(_ pid: pid_t) { pids.withLock { $0.append(pid) } }

  /// - Returns: whether any still lives.
  static func reap() -> Bool {
    pids.withLock { pids in
      pids.removeAll { waitpid($0, nil, WNOHANG) == $0 }
      return !pids.isEmpty
    }
  }
}
