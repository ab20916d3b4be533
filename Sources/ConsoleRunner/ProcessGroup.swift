import Failures
import Glibc
import Spool

/// The processes of a session: a run's stages have process groups of their own, but they share its session.
enum ProcessGroup {
  static func signal(_ signal: Int32, session: pid_t, exceptFor own: pid_t = 0) {
    for name in (try? Folder.names("/proc")) ?? [] {
      guard let pid = pid_t(name), pid != own, getsid(pid) == session else { continue }
      kill(pid, signal)
    }
  }
}
