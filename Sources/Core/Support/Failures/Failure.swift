import Glibc

/// Why a command failed: one line that says what, where and why, and hints that say what to do.
///
/// Every part of the project throws this type, or an error that its stage converts to it. So the exit code is decided
/// where the cause is known, and applied in one place.
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

/// The kinds of failure that a script can tell apart, each with its exit code (sysexits.h numbers).
public enum ExitCategory: Sendable, Equatable {
  /// The command line or an option's value is wrong.
  case usage
  /// The data is not acceptable, and will not be until it changes.
  case data
  /// The previous stage has not finished.
  case notReady
  /// Not available. A retry fails, too, until the cause is removed.
  case unavailable
  /// A bug in this program.
  case bug
  /// The local disk is full or does not read or write.
  case storage
  /// A later attempt may succeed.
  case temporary
  /// The machine or the database is not set up for this.
  case configuration
  /// Stopped by a signal; nothing is half-published.
  case stopped(signal: Int32)

  /// The hint of a failure that has no better one.
  fileprivate var hint: Hint {
    switch self {
    case .usage: "see '\(PipelineCommand.script) --help'"
    case .data: "restore the file from a backup, or run the stage that writes it again, with --force"
    case .notReady: "run the previous stage first"
    case .unavailable, .configuration: "fix the problem, then run the same command again"
    case .bug: "this is a bug: please report it with the line above"
    case .storage: "check the path and its disk, then run the same command again"
    case .temporary: "run the same command again later"
    case .stopped: "run the same command again: finished work is kept"
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
  /// - Parameter action: what was tried, with the path, for instance `write 'spool/…/000001.csv.zst'`. It is evaluated
  ///   after `code`, since building a text may change errno.
  public static func system(_ action: @autoclosure () -> String, errno code: Int32) -> Failure {
    let action = action()
    let reason = String(cString: strerror(code)).lowercased()
    switch code {
    case ENOSPC, EDQUOT:
      return Failure(
        .storage, "unable to \(action): \(reason)",
        hint: "free some space on that file system (check with df and df -i), then run the same command again")
    case EACCES, EPERM, EROFS:
      return Failure(
        .storage, "unable to \(action): \(reason)",
        hint: "check the owner and the permissions of this path, and whether the file system is mounted read-only")
    case EMFILE, ENFILE, ENOMEM:
      return Failure(
        .temporary, "unable to \(action): \(reason)",
        hint: "the system has run out of file descriptors or memory: run the same command again"
      )
    case EINVAL, ENOSYS, ENOTSUP, ENOLCK:
      return Failure(.storage, "unable to \(action): \(reason)", hint: otherFileSystem)
    default:
      return Failure(.storage, "unable to \(action): \(reason)")
    }
  }

  /// The hint if a file system lacks a call.
  public static var otherFileSystem: Hint {
    "that file system does not support this: put the spool on a local file system, such as ext4 or xfs (--spool DIR)"
  }
}
