import Foundation
import SelfTestKit

/// Prints the result as a table.
enum Table {
  private static let columns = [
    ("killed", ["kill-before", "kill-after"]), ("I/O error", ["io-error"]), ("disk full", ["disk-full"]),
    ("short write", ["short-write"]), ("session ended", ["terminate-before", "terminate-after"]),
    ("answer lost", ["lose-answer"]),
  ]

  static func begin(seed: UInt64, cutsPower: Bool) {
    show("seed \(seed)")
    let names = [cutsPower ? "power cut" : columns[0].0] + columns[1...].map(\.0)
    show(pad("", 36) + "points  " + names.map { pad($0, 14) }.joined())
  }

  static func row(_ report: ScenarioReport) {
    let cells = columns.map { _, ways in
      let counts = ways.compactMap { report.ways[$0] }
      let (cases, failed) = counts.reduce((0, 0)) { ($0.0 + $1.cases, $0.1 + $1.failed) }
      return pad(cases == 0 ? "-" : failed == 0 ? "\(cases) pass" : "\(failed) of \(cases) FAIL", 14)
    }
    show(pad(report.name, 36) + pad("\(report.points)", 8) + cells.joined())
    for failure in report.failures {
      show("  FAIL \(failure.command)")
      for problem in failure.problems { show("       \(problem)") }
    }
  }

  static func end(_ result: SelfTestCommand.Result) {
    for walk in result.walks {
      show(
        "walk \(walk.seed): \(walk.faults) faults in \(walk.commands) commands, \(walk.problems.isEmpty ? "pass" : "FAIL")"
      )
      for problem in walk.problems { show("       \(problem)") }
    }
    for point in result.matrix.unlisted { show("FAIL  reached and not listed: \(point)") }
    for point in result.matrix.unreached { show("FAIL  listed and not reached: \(point)") }
    let faults = result.walks.reduce(0) { $0 + $1.faults }
    show(
      "\(result.isPassed ? "PASS" : "FAIL"): \(result.matrix.points) fault points, \(result.matrix.cases) cases, \(faults) faults in walks, \(result.matrix.failures.count) failures, \(Int(result.seconds)) s"
    )
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private static func show(_ line: String) {
    print(line)
    fflush(nil)
  }
}
