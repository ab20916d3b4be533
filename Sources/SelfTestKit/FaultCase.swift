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
  var isKill: Bool { way.hasPrefix("kill-") }

  /// Exit codes with which a command may end that had this fault, beside that of one that had none.
  var codes: [Int32] {
    switch way {
    // A statement's disk is the server's.
    case "disk-full", "io-error": [74, 75]
    case "terminate-before", "terminate-after", "lose-answer": [75]
    default: []
    }
  }
}

/// What came of a case.
package struct FaultResult: Sendable {
  let fault: FaultCase
  /// What was not as it has to be; empty where all was.
  package let problems: [String]
}

/// A scenario that was carried out without a fault.
package struct Rehearsal: Sendable {
  /// The state before …
  let before: Bench
  /// … and what readers saw in it.
  let registryBefore: [String: [String]]
  /// How the command ended.
  let code: Int32
  /// What it left, and, where it acts each time, what it left when it was given twice.
  let outcomes: [BenchContent]
  /// How often each point was reached.
  let hits: [String: Int]
}
