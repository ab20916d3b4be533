import Failures
import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP ask the process to stop. Work goes on to the next place where it may end cleanly; a second
/// signal of the same kind ends the process at once, which is safe too.
public enum StopSignal {
  private static let received = Atomic<Int32>(0)

  public static func install() {
    // Touched here so that the handler finds it made.
    received.store(0, ordering: .relaxed)
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in StopSignal.received.store(number, ordering: .relaxed) }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
  }

  /// Whether a signal came.
  public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// - Throws: verdict `stopped` once a signal came.
  public static func check() throws(Failure) {
    let number = received.load(ordering: .relaxed)
    if number != 0 {
      throw Failure(
        .stopped(signal: number), "stopped by signal \(number)",
        hint: "run the same command again: it goes on from here")
    }
  }
}
