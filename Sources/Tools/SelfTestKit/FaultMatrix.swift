import CommandKit
import Foundation
import GeneratorKit
import Support
import Synchronization

/// The fault matrix: every point that a program lists, with every fault, in every scenario that reaches it.
public struct Matrix: Sendable {
  let testEnvironment: TestEnvironment
  /// Whether each point is tested with every fault at every hit in the first scenario that reaches it, and once in each
  /// other scenario. Otherwise each point is tested once. The seed determines the random choices.
  let isWhole: Bool
  /// The number of cases, drawn at random, each in another scenario if possible; nil for all.
  let casesMax: Int?
  let seed: UInt64
  /// Number of cases that run at once.
  let jobs: Int
  let report: @Sendable (ScenarioReport) -> Void

  public init(
    testEnvironment: TestEnvironment, isWhole: Bool, casesMax: Int? = nil, seed: UInt64, jobs: Int,
    report: @escaping @Sendable (ScenarioReport) -> Void
  ) {
    self.testEnvironment = testEnvironment
    self.isWhole = isWhole
    self.casesMax = casesMax
    self.seed = seed
    // A power cut ends all programs on the volume.
    self.jobs = testEnvironment.power == nil ? jobs : 1
    self.report = report
  }

  /// Runs the cases, and reports each scenario when it has ended.
  public func run() throws -> MatrixReport {
    var listed = try testEnvironment.programs.faultPoints(outputIn: testEnvironment.folder)
    if testEnvironment.power != nil {
      listed = listed.mapValues { $0.mapValues { ways in ways.filter { $0.hasPrefix("kill-") } } }
    }
    let scenarios = casesMax.map(drawnScenarios) ?? Array(Scenario.all.indices)
    var rehearsals: [Int: FaultFreeRun] = [:]
    var reached: [Programs.Name: [String: [Int]]] = [:]
    for index in scenarios {
      let rehearsal = try testEnvironment.rehearse(Scenario.all[index], index)
      rehearsals[index] = rehearsal
      for point in rehearsal.hits.keys {
        reached[Scenario.all[index].command.program, default: [:]][point, default: []] += [index]
      }
    }
    let cases =
      casesMax.map { few($0, rehearsals, listed) }
      ?? (isWhole ? all(rehearsals, listed, reached) : drawn(rehearsals, listed, reached))
    let reports = try scenarios.compactMap { index -> ScenarioReport? in
      try StopSignal.check()
      guard let rehearsal = rehearsals[index] else { return nil }
      let mine = cases.filter { $0.scenario == index }
      let report = report(Scenario.all[index], rehearsal, try run(mine, Scenario.all[index], rehearsal))
      self.report(report)
      return report
    }
    return MatrixReport(
      scenarios: reports,
      unlisted: reached.flatMap { program, points in
        Set(points.keys).subtracting((listed[program] ?? [:]).keys).map { "\(program.rawValue) \($0)" }
      }.sorted(),
      unreached: casesMax != nil
        ? []
        : listed.flatMap { program, points in
          Set(points.keys).subtracting((reached[program] ?? [:]).keys).map { "\(program.rawValue) \($0)" }
        }.sorted(),
      points: listed.values.reduce(0) { $0 + $1.count })
  }

  private typealias Points<Value> = [Programs.Name: [String: Value]]

  private func drawnScenarios(_ count: Int) -> [Int] {
    var draw = RandomSource(seed: seed)
    var scenarios = Array(Scenario.all.indices)
    while scenarios.count > max(1, count) { scenarios.remove(at: draw.below(scenarios.count)) }
    return scenarios
  }

  private func few(_ count: Int, _ rehearsals: [Int: FaultFreeRun], _ listed: Points<[String]>) -> [FaultCase] {
    var draw = RandomSource(seed: seed)
    let scenarios = rehearsals.sorted { $0.key < $1.key }
    return (0..<max(0, count)).compactMap { number in
      let (index, rehearsal) = scenarios[number % scenarios.count]
      let ways = listed[Scenario.all[index].command.program] ?? [:]
      let points = rehearsal.hits.filter { ways[$0.key]?.isEmpty == false }.sorted { $0.key < $1.key }
      guard !points.isEmpty else { return nil }
      let (point, hits) = points[draw.below(points.count)]
      guard let ways = ways[point] else { return nil }
      return FaultCase(scenario: index, way: ways[draw.below(ways.count)], point: point, hit: 1 + draw.below(hits))
    }
  }

  private func all(
    _ rehearsals: [Int: FaultFreeRun], _ listed: Points<[String]>, _ reached: Points<[Int]>
  ) -> [FaultCase] {
    var draw = RandomSource(seed: seed)
    return rehearsals.sorted { $0.key < $1.key }.flatMap { index, rehearsal in
      let program = Scenario.all[index].command.program
      return rehearsal.hits.sorted { $0.key < $1.key }.flatMap { point, hits -> [FaultCase] in
        let ways = listed[program]?[point] ?? []
        let whole = ways.flatMap { way in
          (1...hits).map { FaultCase(scenario: index, way: way, point: point, hit: $0) }
        }
        return reached[program]?[point]?.first == index || whole.isEmpty ? whole : [whole[draw.below(whole.count)]]
      }
    }
  }

  private func drawn(
    _ rehearsals: [Int: FaultFreeRun], _ listed: Points<[String]>, _ reached: Points<[Int]>
  ) -> [FaultCase] {
    var draw = RandomSource(seed: seed)
    return Programs.Name.allCases.flatMap { program in
      (reached[program] ?? [:]).sorted { $0.key < $1.key }.compactMap { point, scenarios in
        guard let ways = listed[program]?[point], !ways.isEmpty else { return nil }
        let scenario = scenarios[draw.below(scenarios.count)]
        let hits = rehearsals[scenario]?.hits[point] ?? 1
        return FaultCase(
          scenario: scenario, way: ways[draw.below(ways.count)], point: point, hit: 1 + draw.below(hits))
      }
    }
  }

  private func run(_ cases: [FaultCase], _ scenario: Scenario, _ rehearsal: FaultFreeRun) throws -> [FaultResult] {
    let results = Mutex<[FaultResult]>([])
    let trial = FaultCaseRun(testEnvironment: testEnvironment, scenario: scenario, rehearsal: rehearsal)
    try WorkList(Array(cases.enumerated())).run(threads: jobs) { list in
      while let (index, fault) = list.next() {
        try StopSignal.check()
        let result = try trial.run(fault, name: "\(fault.scenario)-\(index)")
        results.withLock { $0.append(result) }
      }
    }
    return results.withLock { $0 }
  }

  private func report(_ scenario: Scenario, _ rehearsal: FaultFreeRun, _ results: [FaultResult]) -> ScenarioReport {
    var ways: [String: ScenarioReport.Count] = [:]
    for result in results {
      ways[result.fault.way, default: .init()].cases += 1
      if !result.problems.isEmpty { ways[result.fault.way]?.failed += 1 }
    }
    return ScenarioReport(
      name: scenario.name, points: rehearsal.hits.count, ways: ways,
      failures: results.filter { !$0.problems.isEmpty }.map { result in
        .init(
          command: "RETRY_PAUSE_SECONDS=0 REGISTRY_FAULT='\(result.fault)' \(scenario.command)",
          problems: result.problems)
      })
  }
}
