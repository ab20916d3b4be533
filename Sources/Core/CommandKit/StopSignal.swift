import Glibc
import Support
import Synchronization

/// SIGINT, SIGTERM and SIGHUP ask the process to stop. Repeated signals change nothing: a service manager signals the
/// whole group, and the script passes its own signals on. Work continues to the next point where it can end cleanly,
/// and the run reports its end.
public enum StopSignal {
  private static let received = Atomic<Int32>(0)

  public static func install() {
    // Initialises the static value before the handler can use it.
    received.store(0, ordering: .relaxed)
    signal(SIGPIPE, SIG_IGN)
    // A write beyond the limit on file size (`ulimit -f`) then returns an error.
    signal(SIGXFSZ, SIG_IGN)
    // On a terminal with `stty tostop`, output from a background process group would stop it, and a stage has a group
    // of its own.
    signal(SIGTTOU, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] where number != SIGHUP || !isIgnored(number) {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in StopSignal.received.store(number, ordering: .relaxed) }
      sigaction(number, &action, nil)
    }
  }

  /// Whether the signal is ignored, as SIGHUP is under nohup.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Whether a signal has arrived.
  public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// - Throws: category `stopped` after a signal.
  public static func check() throws(Failure) {
    let number = received.load(ordering: .relaxed)
    if number != 0 {
      throw Failure(
        .stopped(signal: number), "stopped by signal \(number)",
        hint: "run the same command again: finished work is kept")
    }
  }
}
