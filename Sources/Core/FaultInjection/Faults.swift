import Glibc
import Synchronization

/// Faults that are made to happen, to prove that nothing comes of them. All go through here: those at steps on files,
/// those at statements, and what a test does at a statement of its own session (``FaultHook``).
///
/// Inert unless the environment variable `REGISTRY_FAULT` asks for one when the program starts:
///
/// - `WAY@POINT` or `WAY@POINT#N`: at the Nth time (from 1) that the point is reached;
/// - `trace@FILE`: none, and every point that is reached is written to the file, one a line;
/// - `list`: the program prints its points and ends.
///
/// A plan changes nothing but what it asks for.
public enum Faults {
  private static let asked = Mutex<FaultPlan?>(nil)
  /// What was asked for by the time of the first look, which is ``begin(_:)``'s.
  static let plan = asked.withLock { $0 }

  /// Reads what the environment asks for. A program that does not call it when it starts has no faults.
  ///
  /// - Parameter points: the program's, which `list` prints; then the program ends.
  /// - Throws: where it asks for what does not exist.
  public static func begin(_ points: [FaultPoint]) throws(FaultRequestError) {
    let asked = try FaultPlan.fromEnvironment()
    Self.asked.withLock { $0 = asked }
    guard let plan, case .list = plan.wish else { return }
    for point in Set(points).sorted() { print("\(point)\t\(point.ways.map(\.rawValue).joined(separator: " "))") }
    exit(0)
  }

  /// Whether a plan is in force: only then the names of points are made.
  package static var isActive: Bool { plan != nil }

  /// Performs a system call that changes a file or folder, or what the plan has in its place.
  ///
  /// - Returns: what the call returns; with a fault, -1 and `errno`.
  @inline(__always)
  public static func call<Result: SignedInteger>(
    _ step: FileStep, _ subject: @autoclosure () -> String, _ body: () -> Result
  ) -> Result {
    guard let plan else { return body() }
    return plan.call(FaultPoint(subject(), step), body)
  }

  /// The same for `write`, which may also take fewer bytes than it is given.
  @inline(__always)
  public static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, to subject: @autoclosure () -> String)
    -> Int
  {
    guard let plan else { return Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    return plan.write(descriptor, bytes, FaultPoint(subject(), .write))
  }

  /// A side of a step that is no system call. Being killed happens in here.
  ///
  /// - Returns: what else is to happen there, by the caller's hand.
  public static func at(_ side: FaultSide, of point: @autoclosure () -> FaultPoint) -> FaultWay? {
    guard let plan else { return nil }
    return plan.at(side, of: point())
  }
}

/// Called by a test's own session on both sides of each statement that changes something; what it throws takes the
/// place of the statement, or of its answer.
public typealias FaultHook = @Sendable (FaultSide, FaultPoint) throws -> Void

public struct FaultRequestError: Error, CustomStringConvertible {
  public let description = "REGISTRY_FAULT is none of list, trace@FILE, WAY@POINT, WAY@POINT#N"
}
