import Glibc

/// Why a command cannot do what it was asked: one line that says what, where and why, and hints that say what to do.
///
/// Every part of the project throws this type, or a wrapper's own error that its stage turns into one, so that the
/// exit code is decided where the cause is known and applied in one place, at the edge.
public struct Failure: Error, Sendable, Equatable {
  public var category: ExitCategory
  /// One line, without a full stop: what, where, why.
  public var message: String
  /// What to do, one sentence each.
  public var hints: [Hint]

  public init(_ category: ExitCategory, _ message: String, hints: [Hint] = []) {
    self.category = category
    self.message = message
    self.hints = hints.isEmpty ? [category.hint] : hints
  }

  public init(_ category: ExitCategory, _ message: String, hint: Hint) {
    self.init(category, message, hints: [hint])
  }
}

/// The kinds of failure a script can tell apart, each with its exit code (sysexits.h numbers).
public enum ExitCategory: Sendable, Equatable {
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

  /// What to do where nothing better is known.
  fileprivate var hint: Hint {
    switch self {
    case .usage: "see '\(PipelineCommand.script) --help'"
    case .data: "put the file back as it was, or redo the stage that wrote it with --force"
    case .notReady: "run the stage before first"
    case .unavailable, .configuration: "mend that, then run the same command again"
    case .bug: "this is a bug: please report it with the line above"
    case .storage: "check the path and its disk, then run the same command again"
    case .temporary: "run the same command again later"
    case .stopped: "run the same command again: it goes on from here"
    }
  }

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

extension Failure {
  /// A failed system call, classified by errno.
  ///
  /// - Parameter action: what was tried, with the path, for instance `write 'spool/…/000001.csv.zst'`. It is made after
  ///   `code` is read: making a text may change errno.
  public static func system(_ action: @autoclosure () -> String, errno code: Int32) -> Failure {
    let action = action()
    let reason = String(cString: strerror(code)).lowercased()
    switch code {
    case ENOSPC, EDQUOT:
      return Failure(
        .storage, "unable to \(action): \(reason)",
        hint: "free some space there (df shows it, df -i what is left for files), then run the same command again")
    case EACCES, EPERM, EROFS:
      return Failure(
        .storage, "unable to \(action): \(reason)", hint: "check who owns it and whether the file system is writable")
    case EMFILE, ENFILE, ENOMEM:
      return Failure(
        .temporary, "unable to \(action): \(reason)", hint: "the machine is short of it now: run the same command again"
      )
    default:
      return Failure(.storage, "unable to \(action): \(reason)")
    }
  }
}
