/// Why a command cannot do what it was asked: one line that says what, where and why, and hints that say what to do.
///
/// Every part of the project throws this type, or a wrapper's own error that its stage turns into one, so that the
/// exit code is decided where the cause is known and applied in one place, at the edge.
public struct Failure: Error, Sendable, Equatable {
  public var verdict: Verdict
  /// One line, without a full stop: what, where, why.
  public var message: String
  /// What to do, one sentence each.
  public var hints: [String]

  public init(_ verdict: Verdict, _ message: String, hints: [String] = []) {
    self.verdict = verdict
    self.message = message
    self.hints = hints
  }

  public init(_ verdict: Verdict, _ message: String, hint: String) {
    self.init(verdict, message, hints: [hint])
  }
}

/// The kinds of failure a script can tell apart, each with its exit code (sysexits.h numbers).
public enum Verdict: Sendable, Equatable {
  /// The command line or an option's value is wrong.
  case usage
  /// The data is not acceptable, and will not be until it changes.
  case data
  /// The stage before has not finished.
  case notReady
  /// Unavailable for good: trying again changes nothing until somebody acts.
  case unavailable
  /// A bug of ours.
  case bug
  /// The local disk is full or does not read or write.
  case storage
  /// Trying again later may succeed.
  case temporary
  /// The machine or the database is not set up for this.
  case configuration
  /// Stopped by a signal, with nothing half-published.
  case stopped(signal: Int32)

  public var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .data: 65
    case .notReady: 66
    case .unavailable: 69
    case .bug: 70
    case .storage: 74
    case .temporary: 75
    case .configuration: 78
    case .stopped(let signal): 128 + signal
    }
  }
}
