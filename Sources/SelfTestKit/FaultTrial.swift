import Foundation

/// One case: the command with its fault, then the same command again, and a comparison with the rehearsal.
package struct FaultTrial {
  let stand: Stand
  let scenario: Scenario
  let rehearsal: Rehearsal

  package init(stand: Stand, scenario: Scenario, rehearsal: Rehearsal) {
    self.stand = stand
    self.scenario = scenario
    self.rehearsal = rehearsal
  }

  /// - Throws: where the trial itself cannot go on: the database or the disk is not there.
  package func run(_ fault: FaultCase, name: String) throws -> FaultResult {
    let problems = try stand.withCopy(rehearsal.before, scenario, name) { bench in try attempt(fault, bench) }
    return FaultResult(fault: fault, problems: problems)
  }

  private func attempt(_ fault: FaultCase, _ bench: Bench) throws -> [String] {
    var problems: [String] = []
    let ended = try bench.run(scenario.command, fault: fault.description)
    if !ended.stderr.contains("fault: \(fault.way) at \(fault.point)") {
      problems.append("the fault never came: \(ended)")
    }
    if !fault.mayEnd(ended, undisturbed: rehearsal.code) { problems.append("with the fault, \(ended)") }

    // Whatever happened, readers see the registry as it was or as it is to be.
    if let seen = try BenchContent(bench).database?.registry,
      seen != rehearsal.registryBefore, seen != rehearsal.outcomes[0].database?.registry
    {
      problems.append("readers see a part of the registry")
    }

    let again = try bench.run(scenario.command)
    if again.code != rehearsal.code { problems.append("the same command again: \(again)") }
    let content = try BenchContent(bench)
    let differences = rehearsal.outcomes.map { content.differences(from: $0) }
    if !differences.contains([]) { problems += differences[0] }
    return problems
  }
}

/// What is in a bench, in a form in which two can be compared.
struct BenchContent: Sendable {
  let spool: SpoolContent
  let database: DatabaseContent?

  init(_ bench: Bench) throws {
    spool = try SpoolContent(bench.spool)
    database = try bench.database.map { try DatabaseContent($0) }
  }

  /// The first things in which they differ, for a person.
  func differences(from expected: BenchContent) -> [String] {
    var found = spool.differences(from: expected.spool)
    if let database, let other = expected.database { found += database.differences(from: other) }
    return found
  }
}
