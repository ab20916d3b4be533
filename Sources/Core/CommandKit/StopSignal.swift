import Glibc
import Support
import Synchronization

/// SIGINT, SIGTERM and SIGHUP ask the process to stop, however often they come: a service manager signals the whole group,
/// and the script passes its own on. Work goes on to the next place where it may end cleanly, and the run says how it ended.
public enum StopSignal {
  private static let received = Atomic<Int32>(0)

  public static func install() {
    // Touched here so that the handler finds it made.
    received.store(0, ordering: .relaxed)
    signal(SIGPIPE, SIG_IGN)
    // A file that may not grow (`ulimit -f`) is an error of the write.
    signal(SIGXFSZ, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in StopSignal.received.store(number, ordering: .relaxed) }
      sigaction(number, &action, nil)
    }
  }

  /// Whether a signal came.
  public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// - Throws: category `stopped` once a signal came.
  public static func check() throws(Failure) {
    let number = received.load(ordering: .relaxed)
    if number != 0 {
      throw Failure(
        .stopped(signal: number), "stopped by signal \(number)",
        hint: "run the same command again: it goes on from here")
    }
  }
}
