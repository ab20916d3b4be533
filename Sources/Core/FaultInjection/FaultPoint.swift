/// A place where a program changes state outside itself: a file, a folder, the database. Its name is `SUBJECT:STEP`,
/// for instance `fetch/N.json:rename` or `batch:INSERT load_batch`.
public struct FaultPoint: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let subject: String
  public let step: String
  /// What can be made to happen there.
  public let ways: [FaultWay]

  public init(_ subject: String, _ step: String, _ ways: [FaultWay]) {
    self.subject = subject
    self.step = step
    self.ways = ways
  }

  public var description: String { "\(subject):\(step)" }

  public static func < (one: Self, other: Self) -> Bool { one.description < other.description }
}

/// What a fault does at its point, once.
public enum FaultWay: String, CaseIterable, Sendable {
  /// SIGKILL, as by the kernel, a power cut or an operator.
  case killBefore = "kill-before"
  case killAfter = "kill-after"
  /// The step fails with EIO.
  case ioError = "io-error"
  /// The step fails with ENOSPC (a write after half of its bytes), a statement with SQLSTATE 53100.
  case diskFull = "disk-full"
  /// The kernel takes half of the bytes, without an error.
  case shortWrite = "short-write"
  /// The server ends the session, as for an administrator.
  case terminateBefore = "terminate-before"
  case terminateAfter = "terminate-after"
  /// The statement is carried out, and its answer does not arrive.
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

  /// The points of a file that appears under its name only whole and durable.
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
  ///   - statement: its verb and what it changes, for instance `INSERT publication`; `begin` and `commit`.
  ///   - transaction: the name of the one that it stands in; nil for none.
  public static func statement(_ statement: String, in transaction: String?) -> FaultPoint {
    var ways: [FaultWay] = [.killBefore, .killAfter, .terminateBefore, .terminateAfter, .diskFull]
    if transaction == nil || statement == "commit" { ways.append(.loseAnswer) }
    return FaultPoint(transaction ?? "session", statement, ways)
  }
}
