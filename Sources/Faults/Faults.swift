import Glibc

/// Faults that are made to happen, to prove that nothing comes of them.
///
/// Inert unless the environment variable `REGISTRY_FAULT` asks for one when the program starts:
///
/// - `WAY@POINT` or `WAY@POINT#N`: at the Nth time (from 1) that the point is reached;
/// - `trace@FILE`: none, and every point that is reached is written to the file, one a line;
/// - `list`: the program prints its points and ends.
public enum Faults {
  static let plan = FaultPlan.fromEnvironment()

  /// Whether a plan is in force. Then nobody waits before trying again.
  public static var isActive: Bool { plan != nil }

  /// Prints a program's points and ends it, where that is asked for.
  public static func list(_ points: [FaultPoint]) {
    guard let plan, case .list = plan.wish else { return }
    for point in Set(points).sorted() { print("\(point)\t\(point.ways.map(\.rawValue).joined(separator: " "))") }
    exit(0)
  }

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
