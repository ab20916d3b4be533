import CommandKit
import Foundation
import GeneratorKit
import Support

/// Runs the commands of several days in order. Each command gets one to four faults before it may complete, and must
/// then leave the same content as without faults.
public struct RandomWalk: Sendable {
  let testEnvironment: TestEnvironment

  /// A command, with the content and the trace that it leaves without faults.
  struct Step: Sendable {
    let day: Int?
    let command: Command
    let content: WorkspaceContent
    let trace: Trace
  }

  private let steps: [Step]
  /// The faults of each point.
  private let ways: [Programs.Name: [String: [String]]]

  private static let course: [(day: Int?, command: Command)] = [
    (0, "fetch --source {source} --chunk-size 90"), (nil, "transform --max-rejects 100%"),
    (nil, "load --max-rejects 100%"),
    (1, "fetch --source {source} --chunk-size 90"), (nil, "transform --max-rejects 100%"),
    (nil, "load --max-rejects 100%"), (nil, "load rollback"),
    (2, "fetch --source {source} --chunk-size 90"), (nil, "transform --max-rejects 100%"),
    (nil, "load --max-rejects 100%"), (nil, "load rollback {0}"), (nil, "load gc --keep 2"),
    (3, "fetch --source {source} --chunk-size 90"), (nil, "transform --max-rejects 100%"),
    (nil, "load --max-rejects 100% --keep 2"),
  ]

  /// Runs all commands once without faults.
  public init(testEnvironment: TestEnvironment) throws {
    self.testEnvironment = testEnvironment
    var steps: [Step] = []
    try Self.with(testEnvironment, "walk") { workspace in
      for (index, (day, command)) in Self.course.enumerated() {
        if let day { try workspace.publish(day: day) }
        let trace = workspace.folder + "/trace\(index)"
        try workspace.expect(command, fault: "trace@" + trace)
        steps.append(
          Step(day: day, command: command, content: try WorkspaceContent(workspace), trace: try Trace.read(trace)))
      }
    }
    self.steps = steps
    ways = try testEnvironment.programs.faultPoints(outputIn: testEnvironment.folder)
  }

  private static func with(_ testEnvironment: TestEnvironment, _ name: String, _ body: (Workspace) throws -> Void)
    throws
  {
    let workspace = try testEnvironment.workspace(name, source: "walk.csv", withDatabase: true)
    defer {
      try? FileManager.default.removeItem(atPath: workspace.folder)
      try? workspace.database?.drop()
    }
    try body(workspace)
  }

  /// Runs all commands with random faults.
  public func run(seed: UInt64) throws -> WalkReport {
    var draw = RandomSource(seed: seed)
    var report = WalkReport(seed: seed, commands: steps.count, faults: 0, problems: [])
    try Self.with(testEnvironment, "walk-\(seed)") { workspace in
      for (index, step) in steps.enumerated() {
        if let day = step.day { try workspace.publish(day: day) }
        try StopSignal.check()
        for _ in 0..<1 + draw.below(4) {
          let ended = try workspace.run(step.command, fault: fault(&draw, step))
          if ended.stderr.contains("fault: ") { report.faults += 1 }
        }
        let ended = try workspace.run(step.command)
        var problems = ended.code == 0 ? [] : ["\(ended)"]
        problems += try WorkspaceContent(workspace).differences(from: step.content)
        guard problems.isEmpty else {
          report.problems = problems.map { "command \(index + 1), \(step.command): \($0)" }
          return
        }
      }
    }
    return report
  }

  private func fault(_ draw: inout RandomSource, _ step: Step) -> String {
    let place = draw.below(step.trace.points.count)
    let point = step.trace.points[place]
    let hit = step.trace.points[...place].count { $0 == point }
    let ways = ways[step.command.program]?[point] ?? ["kill-before"]
    return "\(ways[draw.below(ways.count)])@\(point)#\(hit)"
  }
}
