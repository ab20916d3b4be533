/// A step at which a program changes state outside itself: a file, a folder, the database. Its name is `SUBJECT:STEP`,
/// for instance `fetch/N.json:rename` or `batch:INSERT load_batch`.
public struct FaultPoint: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let subject: String
  public let step: String
  /// The faults that can be injected there.
  public let ways: [FaultWay]

  public init(_ subject: String, _ step: String, _ ways: [FaultWay]) {
    self.subject = subject
    self.step = step
    self.ways = ways
  }

  public var description: String { "\(subject):\(step)" }

  public static func < (one: Self, other: Self) -> Bool { one.description < other.description }
}

/// A kind of fault. It happens once, at its point.
public enum FaultWay: String, CaseIterable, Sendable {
  /// SIGKILL, as from the kernel or an operator; with `REGISTRY_FAULT_VOLUME`, a power cut.
  case killBefore = "kill-before"
  case killAfter = "kill-after"
  /// The step fails with EIO.
  case ioError = "io-error"
  /// The step fails with ENOSPC (a write after half of its bytes), a statement with SQLSTATE 53100.
  case diskFull = "disk-full"
  /// The kernel writes half of the bytes, without an error.
  case shortWrite = "short-write"
  /// The server ends the session, as an administrator may.
  case terminateBefore = "terminate-before"
  case terminateAfter = "terminate-after"
  /// The statement is executed, but its result does not arrive.
  case loseAnswer = "lose-answer"

  var side: FaultSide {
    switch self {
    case .killAfter, .terminateAfter, .loseAnswer: .after
    default: .before
    }
  }
}

public enum FaultSide: Sendable { case before, after }

/// Steps on files and folders.
public enum FileStep: String, CaseIterable, Sendable {
  case create, write, flush, close, rename, remove
  case makeFolder = "make-folder"
  case flushFolder = "flush-folder"
  case removeFolder = "remove-folder"

  public var ways: [FaultWay] {
    self == .write
      ? [.killBefore, .killAfter, .ioError, .diskFull, .shortWrite] : [.killBefore, .killAfter, .ioError, .diskFull]
  }
}

extension FaultPoint {
  public init(_ subject: String, _ step: FileStep) { self.init(subject, step.rawValue, step.ways) }

  /// The points of a file that gets its name only when it is complete and durable.
  public static func durableFile(_ subject: String) -> [FaultPoint] {
    [.create, .write, .flush, .close, .rename].map { (step: FileStep) in FaultPoint(subject, step) }
  }

  public static func steps(_ subject: String, _ steps: FileStep...) -> [FaultPoint] {
    steps.map { FaultPoint(subject, $0) }
  }
}

extension FaultPoint {
  /// A statement that changes something in the database.
  ///
  /// - Parameters:
  ///   - statement: its verb and object, for instance `INSERT publication`; or `begin` or `commit`.
  ///   - transaction: the name of its transaction; nil for none.
  public static func statement(_ statement: String, in transaction: String?) -> FaultPoint {
    var ways: [FaultWay] = [.killBefore, .killAfter, .terminateBefore, .terminateAfter, .diskFull]
    if transaction == nil || statement == "commit" { ways.append(.loseAnswer) }
    return FaultPoint(transaction ?? "session", statement, ways)
  }
}
