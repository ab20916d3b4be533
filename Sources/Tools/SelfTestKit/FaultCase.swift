import Glibc

/// One fault in one scenario.
package struct FaultCase: Sendable, Hashable, CustomStringConvertible {
  let scenario: Int
  /// The fault is `WAY@POINT#HIT`.
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
  /// The step of a point on a file or folder; nil if the point is a statement.
  private var fileStep: String? { fileSteps.first { point.hasSuffix(":" + $0) } }

  /// Whether a command with this fault may end in this way.
  ///
  /// - Parameter code: the command's exit code without a fault.
  func mayEnd(_ ended: Programs.ExitResult, undisturbed code: Int32) -> Bool {
    if way.hasPrefix("kill-") { return ended.signal == SIGKILL }
    switch (way, fileStep) {
    case ("io-error", let step?), ("disk-full", let step?):
      // A file beside a published snapshot may be reported and left to the next load. A removal may succeed at a second
      // attempt, or in the next run. Any other error ends the command.
      let isTold = ["input/output error", "no space left on device"].contains { ended.stderr.contains($0) }
      return ended.code == 74 || ended.code == code && (isTold || step.hasPrefix("remove"))
    case ("short-write", _): return ended.code == code
    // The command tries the statement again, or ends as retryable.
    default: return ended.code == code || ended.code == 75
    }
  }
}

private let fileSteps = [
  "create", "write", "flush", "close", "rename", "remove", "make-folder", "flush-folder", "remove-folder",
]

/// The result of a case.
package struct FaultResult: Sendable {
  let fault: FaultCase
  /// The deviations from the expected result; empty if the case has passed.
  package let problems: [String]
}

/// The result of a scenario without a fault.
package struct FaultFreeRun: Sendable {
  /// The state before the command.
  let before: Workspace
  /// The tables that readers saw before the command.
  let registryBefore: [String: [String]]
  /// The exit code of the command.
  let code: Int32
  /// The content after the command and, if it acts each time, the content after a second run.
  let outcomes: [WorkspaceContent]
  /// How often each point was reached.
  let hits: [String: Int]
}
