import Foundation

/// Runs one case: the command with its fault, then the same command again, and a comparison with the fault-free run.
///
/// With a ``PowerVolume``, the fault is a power cut, and another one follows the second run: its result must be durable.
package struct FaultCaseRun {
  let testEnvironment: TestEnvironment
  let scenario: Scenario
  let rehearsal: FaultFreeRun

  package init(testEnvironment: TestEnvironment, scenario: Scenario, rehearsal: FaultFreeRun) {
    self.testEnvironment = testEnvironment
    self.scenario = scenario
    self.rehearsal = rehearsal
  }

  /// - Throws: if the test itself cannot continue, because the database or the disk is unavailable.
  package func run(_ fault: FaultCase, name: String) throws -> FaultResult {
    let problems = try testEnvironment.withCopy(rehearsal.before, scenario, name) { workspace in
      try attempt(fault, workspace)
    }
    return FaultResult(fault: fault, problems: problems)
  }

  private func attempt(_ fault: FaultCase, _ workspace: Workspace) throws -> [String] {
    var problems: [String] = []
    let power = testEnvironment.power
    try power?.flush()
    let ended = try workspace.run(scenario.command, fault: fault.description, variables: power?.variables ?? [:])
    try power?.cutAndRestart()
    if !ended.stderr.contains("fault: \(fault.way) at \(fault.point)") {
      problems.append("the fault never came: \(ended)")
    }
    if !fault.mayEnd(ended, undisturbed: rehearsal.code) { problems.append("with the fault, \(ended)") }

    // Readers must see the registry before or after the command, and nothing in between.
    if let seen = try WorkspaceContent(workspace).database?.registry,
      seen != rehearsal.registryBefore, seen != rehearsal.outcomes[0].database?.registry
    {
      problems.append("readers see a partly published registry")
    }

    let again = try workspace.run(scenario.command)
    if again.code != rehearsal.code { problems.append("the same command again: \(again)") }
    try power?.cutAndRestart()
    let content = try WorkspaceContent(workspace)
    let differences = rehearsal.outcomes.map { content.differences(from: $0) }
    if !differences.contains([]) { problems += differences[0] }
    return problems
  }
}

/// The content of a workspace in a form that can be compared.
struct WorkspaceContent: Sendable {
  let spool: SpoolContent
  let database: DatabaseContent?

  init(_ workspace: Workspace) throws {
    spool = try SpoolContent(workspace.spool)
    database = try workspace.database.map { try DatabaseContent($0) }
  }

  /// Returns the first differences as messages.
  func differences(from expected: WorkspaceContent) -> [String] {
    var found = spool.differences(from: expected.spool)
    if let database, let other = expected.database { found += database.differences(from: other) }
    return found
  }
}
