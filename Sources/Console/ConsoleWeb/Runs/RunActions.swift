import ConsoleQueries
import ConsoleStore
import Hummingbird
import Postgres

/// The actions of operators: start, stop and retry runs, and accept a refused snapshot. ``Authorization`` rejects other
/// users.
struct RunActions {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.post("/tasks") { _, context in
      guard let kind = context.form["kind"].flatMap({ ConsoleTask.Kind(rawValue: $0) }), kind == .run || kind == .dryRun
      else { throw Problem(.badRequest, "problem_bad_request") }
      return try await start(kind, [], "task.create", context)
    }
    router.post("/tasks/:id/stop") { _, context in
      let id = try site.taskID(context)
      do {
        try await site.store.run { connection in
          try connection.transaction { connection in
            try Tasks.stop(id, by: context.session?.account, on: &connection)
            try Audit.add(
              "task.stop", subject: "\(id)", by: context.session?.account, from: context.peer, on: &connection)
          }
        }
      } catch ConsoleStoreError.notQueued { throw Problem(.conflict, "run_problem_over") }
      return site.redirect(to: "/tasks/\(id)")
    }
    router.post("/tasks/:id/retry") { _, context in
      guard let details = try await RunDetails.read(task: try site.taskID(context), site), let task = details.task
      else {
        throw Problem(.notFound, "problem_not_found")
      }
      guard task.state == .failed || task.state == .stopped else {
        throw Problem(.conflict, "run_problem_done")
      }
      guard task.mayBeRepeated else { throw Problem(.conflict, "run_problem_own_page") }
      guard context.form["what"] == "stage" else {
        return try await start(task.kind, task.arguments, "task.retry", context)
      }
      guard let kind = details.failedStage else {
        throw Problem(.conflict, "run_problem_no_stage")
      }
      let snapshot = kind == .fetch ? nil : details.summary?.snapshot
      return try await start(kind, snapshot.map { ["--snapshot", $0] } ?? [], "task.retry", context)
    }
    router.post("/tasks/:id/accept") { _, context in
      let id = try site.taskID(context)
      let details = try await RunDetails.read(task: id, site)
      return try await accept(try await details?.withLoads(site, context), context, path: "/tasks/\(id)")
    }
    router.post("/runs/:id/accept") { _, context in
      let id = context.parameters.get("id") ?? ""
      return try await accept(try await RunDetails.read(named: id, site, context), context, path: "/runs/\(id)")
    }
  }

  /// Queues a load of a refused snapshot, with the operator's reason. Without a valid reason, the page of the run is
  /// shown again.
  ///
  /// - Parameter path: the page of the run.
  private func accept(_ details: RunDetails?, _ context: ConsoleContext, path: String) async throws -> Response {
    guard let details, details.refusal != nil else { throw Problem(.notFound, "problem_not_found") }
    guard let refusal = details.openRefusal else { throw Problem(.conflict, "run_problem_not_acceptable") }
    guard site.settings.isTransformed(refusal.snapshot) else { throw Problem(.conflict, "run_accept_removed") }
    guard let reason = Self.reason(context.form["reason"]) else {
      return try RunRoutes(site: site).page(
        details, context, path: path, problem: site.text("run_problem_reason", context))
    }
    return try await start(
      .load, ["--snapshot", refusal.snapshot, AcceptReason.option(reason, by: context.session?.account ?? "")],
      "snapshot.accept", context)
  }

  /// Returns the reason as one line; nil if it is empty or has more than 500 characters.
  static func reason(_ text: String?) -> String? {
    guard let text else { return nil }
    let line = String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    let reason = line.trimmingCharacters(while: \.properties.isWhitespace)
    return reason.isEmpty || reason.unicodeScalars.count > 500 ? nil : reason
  }

  /// Queues a run and redirects to its page.
  private func start(
    _ kind: ConsoleTask.Kind, _ arguments: [String], _ action: String, _ context: ConsoleContext
  ) async throws -> Response {
    site.redirect(to: "/tasks/\(try await RunActions.start(kind, arguments, action, site, context))")
  }

  static func start(
    _ kind: ConsoleTask.Kind, _ arguments: [String], _ action: String, publication: Int? = nil, _ site: Site,
    _ context: ConsoleContext
  ) async throws -> Int {
    try await site.store.run { connection in
      try connection.transaction { connection in
        let id = try Tasks.add(
          kind, arguments, by: context.session?.account, publication: publication, on: &connection)
        var detail = ["kind": kind.rawValue]
        if !arguments.isEmpty { detail["arguments"] = arguments.joined(separator: " ") }
        try Audit.add(
          action, subject: "\(id)", by: context.session?.account, from: context.peer, detail: detail, on: &connection)
        return id
      }
    }
  }
}
