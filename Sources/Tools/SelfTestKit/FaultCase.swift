import Glibc

/// One fault in one scenario.
package struct FaultCase: Sendable, Hashable, CustomStringConvertible {
  let scenario: Int
  /// As in `WAY@POINT#N`.
  let way: String
  let point: String
  let hit: Int

  package init(scenario: Int, way: String, point: String, hit: Int) {
    self.scenario = scenario
    self.way = way
    self.point = point
    self.hit = hit
  }

  package var description: String { "\(way)@\(point)#\(hit)" }
  /// The step of a point on a file or folder, nil where it is a statement.
  private var fileStep: String? { fileSteps.first { point.hasSuffix(":" + $0) } }

  /// Whether a command that had this fault may have ended so.
  ///
  /// - Parameter code: how it ends without one.
  func mayEnd(_ ended: Programs.ExitResult, undisturbed code: Int32) -> Bool {
    if way.hasPrefix("kill-") { return ended.signal == SIGKILL }
    switch (way, fileStep) {
    case ("io-error", let step?), ("disk-full", let step?):
      // What belongs beside a snapshot that is published may be told and left to the next load. What is removed may be
      // removed at a second try, or by the next run. Whatever else fails ends the command.
      let isTold = ["input/output error", "no space left on device"].contains { ended.stderr.contains($0) }
      return ended.code == 74 || ended.code == code && (isTold || step.hasPrefix("remove"))
    case ("short-write", _): return ended.code == code
    // The database is asked again, or another time.
    default: return ended.code == code || ended.code == 75
    }
  }
}

private let fileSteps = [
  "create", "write", "flush", "close", "rename", "remove", "make-folder", "flush-folder", "remove-folder",
]

/// What came of a case.
package struct FaultResult: Sendable {
  let fault: FaultCase
  /// What was not as it has to be; empty where all was.
  package let problems: [String]
}

/// A scenario that was carried out without a fault.
package struct FaultFreeRun: Sendable {
  /// The state before …
  let before: Workspace
  /// … and what readers saw in it.
  let registryBefore: [String: [String]]
  /// How the command ended.
  let code: Int32
  /// What it left, and, where it acts each time, what it left when it was given twice.
  let outcomes: [WorkspaceContent]
  /// How often each point was reached.
  let hits: [String: Int]
}
