import Foundation
import SelfTestKit
import TestCluster
import Testing

@Suite("The fault matrix", .enabled(if: TestCluster.isAvailable, "needs a PostgreSQL server"), .serialized)
struct MatrixTests {
  @Test("after a fault at any point, the same command completes the spool and the registry as in one run")
  func everyPoint() throws {
    let seed = UInt64.random(in: 1...999_999)
    print("fault matrix: seed \(seed)")
    try TestEnvironments.with { testEnvironment in
      let report = try Matrix(testEnvironment: testEnvironment, isWhole: false, seed: seed, jobs: 2) { _ in }.run()
      #expect(report.unlisted == [], "reached, but not in the program's list")
      #expect(report.unreached == [], "listed, but reached by no scenario")
      for failure in report.failures { Issue.record("seed \(seed): \(failure.command): \(failure.problems)") }
      #expect(report.points > 200 && report.cases == report.points)
      let walk = try RandomWalk(testEnvironment: testEnvironment).run(seed: seed)
      #expect(walk.problems == [], "seed \(seed)")
      #expect(walk.faults > 0)
    }
  }

  @Test("a command that repeats work on a rerun, and a fault that never occurs, are reported")
  func findsOut() throws {
    try TestEnvironments.with { testEnvironment in
      let broken = Scenario(
        name: "fetch again", command: "fetch --source {source} --force", prepareSpool: { try $0.publish(day: 0) })
      let trial = FaultCaseRun(
        testEnvironment: testEnvironment, scenario: broken, rehearsal: try testEnvironment.rehearse(broken, 0))
      func problems(_ way: String, _ point: String) throws -> [String] {
        try trial.run(FaultCase(scenario: 0, way: way, point: point, hit: 1), name: "case").problems
      }
      let doubled = try problems("kill-after", "fetch.json:rename")
      #expect(doubled.contains { $0.contains("#1/fetch.json should not be there") })
      let whole = try problems("kill-after", "fetch/N.json:rename")
      #expect(whole == [])
      let none = try problems("kill-after", "fetch.json:teleport")
      #expect(none.contains { $0.contains("never came") })
    }
  }
}
