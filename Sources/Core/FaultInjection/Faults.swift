import Glibc
import Synchronization

/// Injects faults, to prove that the programs recover from them: at steps on files and at SQL statements. A test can
/// also hook into the statements of its own session (``FaultHook``).
///
/// Does nothing unless the environment variable `REGISTRY_FAULT` requests it when the program starts:
///
/// - `WAY@POINT` or `WAY@POINT#N`: at the Nth time (from 1) that the point is reached;
/// - `trace@FILE`: injects no fault, and writes every point that is reached to the file, one per line;
/// - `list`: prints the program's points, and ends the program.
///
/// If `REGISTRY_FAULT_VOLUME` names a folder too, a kill is a power cut: it first stops the folder's file system, which
/// then lacks everything that was not flushed. This needs root, and ext4 or xfs.
///
/// A plan changes nothing else.
public enum Faults {
  private static let asked = Mutex<FaultPlan?>(nil)
  /// The plan, fixed at the first access, which is in ``begin(_:)``.
  static let plan = asked.withLock { $0 }

  /// Reads the request from the environment. A program that does not call this when it starts has no faults.
  ///
  /// - Parameter points: the program's points. `list` prints them and ends the program.
  /// - Throws: if the request is malformed, or the trace file cannot be opened.
  public static func begin(_ points: [FaultPoint]) throws(FaultRequestError) {
    let asked = try FaultPlan.fromEnvironment()
    Self.asked.withLock { $0 = asked }
    guard let plan, case .list = plan.wish else { return }
    for point in Set(points).sorted() { print("\(point)\t\(point.ways.map(\.rawValue).joined(separator: " "))") }
    exit(0)
  }

  /// Whether a plan is active. The names of points are built only then.
  package static var isActive: Bool { plan != nil }

  /// Performs a system call that changes a file or folder, or injects the planned fault.
  ///
  /// - Returns: the call's result; -1 with `errno` for a fault.
  @inline(__always)
  public static func call<Result: SignedInteger>(
    _ step: FileStep, _ subject: @autoclosure () -> String, _ body: () -> Result
  ) -> Result {
    guard let plan else { return body() }
    return plan.call(FaultPoint(subject(), step), body)
  }

  /// The same for `write`, which may also write fewer bytes than requested.
  @inline(__always)
  public static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, to subject: @autoclosure () -> String)
    -> Int
  {
    guard let plan else { return Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    return plan.write(descriptor, bytes, FaultPoint(subject(), .write))
  }

  /// Marks one side of a step that is not a system call. A planned kill happens here.
  ///
  /// - Returns: any other planned fault, which the caller injects.
  public static func at(_ side: FaultSide, of point: @autoclosure () -> FaultPoint) -> FaultWay? {
    guard let plan else { return nil }
    return plan.at(side, of: point())
  }
}

/// A test's hook, called before and after each statement of its session that changes the database. An error that it
/// throws replaces the statement or its result.
public typealias FaultHook = @Sendable (FaultSide, FaultPoint) throws -> Void

public struct FaultRequestError: Error, CustomStringConvertible {
  public let description =
    "REGISTRY_FAULT is not one of list, trace@FILE, WAY@POINT, WAY@POINT#N, or REGISTRY_FAULT_VOLUME is not a folder"
}
