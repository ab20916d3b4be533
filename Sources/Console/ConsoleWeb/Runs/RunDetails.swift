import ConsoleQueries
import ConsoleStore
import Postgres

/// All that is known of one run: from the console's task, the record in the spool, and the loads in the registry.
struct RunDetails: Sendable {
  /// The console's task; nil if the run was started outside the console.
  var task: ConsoleTask?
  /// The summary from the task's output or the spool's record.
  var summary: RunSummary?
  /// The log as JSON lines; empty if the run was started outside the console.
  var log = ""
  var loads = Loads()
  /// The queued or running task that accepts its refused snapshot.
  var accepting: ConsoleTask?
  /// Who accepted its refused snapshot: an account, or the operating system's user.
  var acceptor: String?
  /// The job run that refused the snapshot that this run accepts.
  var refusedRun: Int?

  /// The loads of a run in the registry.
  struct Loads: Sendable {
    /// The newest first. There are several if load started again.
    var jobRuns: [JobRunSummary] = []
    /// The progress and the findings of the newest one.
    var progress: JobProgress?
    var findings: [Findings.Count] = []
    /// The newest publication.
    var published: JobPublication?
    var acceptances = Acceptances()
    /// The rollback that undid the newest load; nil if none did.
    var undoneBy: Int? { jobRuns.first.flatMap { acceptances.undone[$0.id] } }
    /// The load that published its snapshot again after that; nil if none did.
    var reloadedBy: Int?
  }

  var run: PipelineRun { PipelineRun(summary: summary, task: task, jobRun: loads.jobRuns.first) }

  /// The refusal that an operator may accept; nil for a dry run.
  var refusal: SnapshotRefusal? { run.refusalToAccept }

  /// The refusal, if an operator can accept it now: neither the snapshot nor a newer one was published since, and it is
  /// not being accepted.
  var openRefusal: SnapshotRefusal? {
    accepting == nil ? refusal.flatMap { $0.mayBeAccepted(published: loads.acceptances.published) ? $0 : nil } : nil
  }

  /// The snapshot that the run published and a rollback undid; nil if the same or newer data was published since.
  var undoneSnapshot: String? {
    guard loads.undoneBy != nil, let snapshot = loads.jobRuns.first?.publication?.snapshot,
      snapshot > loads.acceptances.published ?? ""
    else { return nil }
    return snapshot
  }

  /// The failed stage that can be retried alone. Nil for a dry run, since its stages must not change the registry, for
  /// a refused run, whose files would be refused again, for a stopped run, and for a run that was started outside the
  /// console.
  var failedStage: ConsoleTask.Kind? {
    guard let task, task.state == .failed, !run.isDryRun, run.refusal == nil, let stage = summary?.problem?.stage,
      RunSummary.stageNames.contains(stage)
    else { return nil }
    return ConsoleTask.Kind(rawValue: stage)
  }
}

extension RunDetails {
  /// Reads a run by its task, without its loads.
  ///
  /// - Returns: nil if there is no such task.
  static func read(task id: Int, _ site: Site) async throws -> RunDetails? {
    let found = try await site.store.run { connection in
      try Tasks.find(id, on: &connection).map { ($0, try Tasks.output(id, on: &connection)) }
    }
    guard let (task, output) = found else { return nil }
    var details = RunDetails(
      task: task, summary: output.summary.flatMap { RunSummary(json: $0) }, log: output.log ?? "")
    // A run that ended outside its stages printed no summary. The spool's record has one.
    if details.summary == nil, task.state.isOver, let runID = task.runID {
      details.summary = try await record(runID, site)
    }
    return details
  }

  /// Reads a run by its identifier, without its loads.
  ///
  /// - Returns: nil if neither the console nor the spool knows it.
  static func read(runID: String, _ site: Site) async throws -> RunDetails? {
    if let task = try await site.store.run({ try Tasks.find(runID: runID, on: &$0) }) {
      return try await read(task: task.id, site)
    }
    return try await record(runID, site).map { RunDetails(summary: $0) }
  }

  /// Reads a run with its loads, by its identifier or by the number of a load.
  ///
  /// - Returns: nil if there is no such run.
  static func read(named name: String, _ site: Site, _ context: ConsoleContext) async throws -> RunDetails? {
    guard let number = Int(name) else { return try await read(runID: name, site)?.withLoads(site, context) }
    let found = try await site.readRegistry(context) { connection -> (loads: Loads, isNewest: Bool)? in
      guard let jobRun = try JobRuns.run(&connection, id: number) else { return nil }
      let all = try jobRun.runID.map { try JobRuns.runs(&connection, runID: $0) } ?? []
      let isNewest = all.first?.id == number
      return (try Loads(isNewest ? all : [jobRun], &connection), isNewest)
    }
    guard let (loads, isNewest) = found ?? nil else { return nil }
    var details = RunDetails()
    // What else is known of the run belongs to its newest load.
    if isNewest, let runID = loads.jobRuns.first?.runID, let known = try await read(runID: runID, site) {
      details = known
    }
    details.loads = loads
    return try await details.withAcceptance(site, context)
  }

  /// Returns the same run with its loads; without any if there is no registry.
  func withLoads(_ site: Site, _ context: ConsoleContext) async throws -> RunDetails {
    let runID = run.runID
    var details = self
    details.loads =
      try await site.readRegistry(context) { connection in
        try Loads(try runID.map { try JobRuns.runs(&connection, runID: $0) } ?? [], &connection)
      } ?? Loads()
    return try await details.withAcceptance(site, context)
  }

  /// Returns the same run with what became of its refusal, or with what it accepts.
  private func withAcceptance(_ site: Site, _ context: ConsoleContext) async throws -> RunDetails {
    var details = self
    if let snapshot = task?.acceptance?.snapshot {
      let refused = try await site.readRegistry(context) { connection -> Int? in
        try JobRuns.refused(&connection, snapshot: snapshot)
      }
      details.refusedRun = refused ?? nil
    }
    guard let refusal else { return details }
    let accepted = loads.acceptances.acceptance(of: run)
    (details.accepting, details.acceptor) = try await site.store.run { connection in
      let open = try Tasks.list(states: [.queued, .running], kinds: [.load], limit: 20, on: &connection)
      let acceptor = try accepted?.runID.flatMap { try Tasks.find(runID: $0, on: &connection)?.askedBy }
      return (open.first { $0.acceptance?.snapshot == refusal.snapshot }, acceptor ?? accepted?.acceptedBy)
    }
    return details
  }

  private static func record(_ runID: String, _ site: Site) async throws -> RunSummary? {
    try await site.settings.runs().first { $0.runID == runID }
  }
}

extension RunDetails.Loads {
  /// Reads what belongs to the newest of the loads.
  fileprivate init(_ jobRuns: [JobRunSummary], _ connection: inout Connection) throws {
    self.jobRuns = jobRuns
    if let id = jobRuns.first?.id {
      progress = try JobProgress.read(&connection, of: id)
      findings = try Findings.counts(&connection, of: id)
      reloadedBy = try UndonePublications.read(&connection).days.first { $0.jobRunID == id }?.reloadedBy
    }
    published = try JobRuns.published(&connection)?.publication
    acceptances = try Acceptances.read(&connection)
  }
}
