import ConsoleStore
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import Schedules

/// The pages to list, create, change, pause and remove schedules.
struct ScheduleRoutes {
  let site: Site

  func add(to router: Router<ConsoleContext>) {
    router.get("/schedules") { _, context in
      let (schedules, tasks) = try await site.store.run { connection in
        (try ScheduleStore.list(on: &connection), try Tasks.list(limit: 400, on: &connection))
      }
      // Without the spool or the registry, the tasks alone tell the results.
      let known = try? await RunList.read(site, context)
      let values = RunValues(
        text: RunText(site: site, context: context), acceptances: known?.acceptances ?? Acceptances())
      let rows = schedules.map { schedule in
        let task = tasks.first { $0.scheduleID == schedule.id }
        let run = task.map { task in known?.runs.first { $0.task?.id == task.id } ?? PipelineRun(task: task) }
        return row(schedule, context).merging(run.map { last($0, values) } ?? [:]) { $1 }
      }
      return site.page(
        "schedules", context,
        ["rows": rows, "has_rows": !rows.isEmpty, "nav_schedules": true])
    }
    router.get("/schedules/next") { request, context in
      let form = ScheduleForm(FormFields(encoded: request.uri.query ?? "") ?? FormFields())
      let html = site.html("schedule-next", context, times(form, context)) ?? ""
      return Response(
        status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
        body: .init(byteBuffer: ByteBuffer(string: html)))
    }
    router.get("/schedules/new") { _, context in
      guard context.isOperator else { throw Problem(.forbidden, "problem_operators_only") }
      return page(ScheduleForm(FormFields()), context)
    }
    router.post("/schedules") { _, context in
      let form = ScheduleForm(context.form)
      guard context.form["preview"] == nil else { return page(form, context) }
      return try await save(form, context) { draft, connection in
        try ScheduleStore.create(draft, by: context.session?.account, on: &connection)
      }
    }
    router.get("/schedules/:id") { _, context in
      let schedule = try await find(context)
      let known = try await RunList.read(site, context)
      let values = RunValues(
        text: RunText(site: site, context: context), undone: known.undone, acceptances: known.acceptances)
      let entries = known.runs.filter { $0.task?.scheduleID == schedule.id }.prefix(50).map(values.row)
      return page(ScheduleForm(schedule.draft), context, schedule, entries)
    }
    router.post("/schedules/:id") { _, context in
      let schedule = try await find(context)
      let form = ScheduleForm(context.form)
      guard context.form["preview"] == nil else { return page(form, context, schedule) }
      let version = context.form["version"]
      return try await save(form, context, schedule) { draft, connection in
        guard try ScheduleStore.change(schedule.id, draft, from: version, on: &connection) else {
          throw Problem(.notFound, "problem_not_found")
        }
        return schedule.id
      }
    }
    router.post("/schedules/:id/pause") { _, context in try await pause(true, context) }
    router.post("/schedules/:id/resume") { _, context in try await pause(false, context) }
    router.get("/schedules/:id/remove") { _, context in
      guard context.isOperator else { throw Problem(.forbidden, "problem_operators_only") }
      return site.page(
        "schedule-remove", context,
        row(try await find(context), context).merging(["nav_schedules": true]) { $1 })
    }
    router.post("/schedules/:id/remove") { _, context in
      let schedule = try await find(context)
      try await change(context, "schedule.remove", schedule) { try ScheduleStore.remove(schedule.id, on: &$0) }
      return site.redirect(to: "/schedules")
    }
  }

  private func find(_ context: ConsoleContext) async throws -> Schedule {
    guard let id = context.parameters.get("id", as: Int.self),
      let schedule = try await site.store.run({ try ScheduleStore.find(id, on: &$0) })
    else { throw Problem(.notFound, "problem_not_found") }
    return schedule
  }

  private func pause(_ isPaused: Bool, _ context: ConsoleContext) async throws -> Response {
    let schedule = try await find(context)
    try await change(context, isPaused ? "schedule.pause" : "schedule.resume", schedule) { connection in
      do { return try ScheduleStore.setPaused(schedule.id, isPaused, on: &connection) } catch is ScheduleDraft.Fault {
        // The list of schedules shows the fault.
        return false
      }
    }
    return site.redirect(to: "/schedules")
  }

  /// Runs an action and adds its audit entry in one transaction.
  private func change(
    _ context: ConsoleContext, _ action: String, _ schedule: Schedule,
    _ body: @escaping @Sendable (inout Connection) throws -> Bool
  ) async throws {
    try await site.store.run { connection in
      try connection.joined { connection in
        guard try body(&connection) else { return }
        try Audit.add(
          action, subject: schedule.draft.name, by: context.session?.account, from: context.peer, on: &connection)
      }
    }
  }

  /// Creates or changes a schedule. Errors are shown on the form.
  private func save(
    _ form: ScheduleForm, _ context: ConsoleContext, _ schedule: Schedule? = nil,
    _ write: @escaping @Sendable (ScheduleDraft, inout Connection) throws -> Int
  ) async throws -> Response {
    let (draft, faults) = form.read(now: Int64(Date().timeIntervalSince1970))
    guard faults.isEmpty else { return page(form, context, schedule, problems: problems(faults, context)) }
    do {
      let action = schedule == nil ? "schedule.create" : "schedule.change"
      try await site.store.run { connection in
        try connection.joined { connection in
          let id = try write(draft, &connection)
          try Audit.add(
            action, subject: draft.name, by: context.session?.account, from: context.peer,
            detail: [
              "id": "\(id)", "kind": draft.kind.rawValue, "timing": draft.timing, "time_zone": draft.timeZone,
              "repeats": "\(draft.repeats)",
            ], on: &connection)
        }
      }
      return site.redirect(to: "/schedules")
    } catch let fault as ScheduleDraft.Fault {
      return page(form, context, schedule, problems: problems([fault], context))
    } catch ConsoleStoreError.scheduleExists(let name) {
      let problem = site.texts.text("schedule_fault_exists", context.language, [name])
      return page(form, context, schedule, problems: ["name": problem])
    } catch ConsoleStoreError.scheduleChanged {
      return page(form, context, try await find(context), isConflict: true)
    }
  }

  /// Returns the texts of faults by the form's fields.
  private func problems(_ faults: [ScheduleDraft.Fault], _ context: ConsoleContext) -> [String: String] {
    let text = TimingErrorText(texts: site.texts, language: context.language)
    return Dictionary(faults.map { (Self.field(of: $0), text.text($0)) }) { first, _ in first }
  }

  /// Returns the form's field that has the fault.
  private static func field(of fault: ScheduleDraft.Fault) -> String {
    switch fault {
    case .name: "name"
    case .kind: "kind"
    case .timing, .neverDue: "timing"
    case .timeZone: "time_zone"
    case .repeats: "repeats"
    case .limit: "limit_minutes"
    case .retries: "retries"
    }
  }

  /// - Parameters:
  ///   - problems: what is wrong with the form's fields.
  ///   - isConflict: whether another user has changed the schedule meanwhile.
  private func page(
    _ form: ScheduleForm, _ context: ConsoleContext, _ schedule: Schedule? = nil, _ entries: [[String: Any]] = [],
    problems: [String: String] = [:], isConflict: Bool = false
  ) -> Response {
    // A schedule that is paused or over does not run, whatever its times are.
    let rests = schedule.flatMap { schedule -> String? in
      schedule.isOver ? "schedule_rests_over" : schedule.isPaused ? "schedule_rests_paused" : nil
    }
    var values: [String: Any?] =
      if let rests { ["rests": site.text(rests, context)] } else { times(form, context) }
    // What the schedule itself has, not what the form was changed to.
    values["is_stored"] = schedule != nil && problems.isEmpty && !isConflict && context.form["preview"] == nil
    values["form"] = form.fields
    values["nav_schedules"] = true
    for (field, problem) in problems { values["problem_" + field] = problem }
    if !problems.isEmpty {
      values["problem_count"] = site.texts.text("schedule_faults", context.language, ["\(problems.count)"])
    }
    if isConflict { values["problem"] = site.text("schedule_fault_changed", context) }
    values["action"] = schedule.map { "/schedules/\($0.id)" } ?? "/schedules"
    values["schedule"] = schedule.map { row($0, context) }
    // The version is that of the schedule when the form was opened. After a conflict was shown, it is the current one,
    // so that saving again overwrites.
    values["version"] = (isConflict ? nil : context.form["version"]) ?? schedule?.draft.version
    values["entries"] = entries
    values["has_entries"] = !entries.isEmpty
    return site.page(
      "schedule", context, values, status: isConflict ? .conflict : problems.isEmpty ? .ok : .badRequest)
  }

  /// Returns the values of the next five due times, or of the fault.
  private func times(_ form: ScheduleForm, _ context: ConsoleContext) -> [String: Any?] {
    let text = TimingErrorText(texts: site.texts, language: context.language)
    let now = Int64(Date().timeIntervalSince1970)
    let (draft, faults) = form.read(now: now)
    // The times do not depend on the name.
    if let fault = faults.first(where: { $0 != .name }) { return ["fault": text.text(fault)] }
    do {
      let zone = try draft.timetable(anchor: now)
      let count = draft.repeats > 0 ? min(5, draft.repeats) : 5
      return ["times": zone.next(count, after: now).map { TaipeiTime.text($0) }]
    } catch { return ["fault": text.text(error)] }
  }

  /// Returns why a schedule cannot be read on this machine, such as an unknown time zone; nil if it can.
  private func fault(_ schedule: Schedule, _ context: ConsoleContext) -> String? {
    do {
      _ = try schedule.draft.timetable(anchor: schedule.anchor)
      return nil
    } catch { return TimingErrorText(texts: site.texts, language: context.language).text(error) }
  }

  /// The result of a schedule's newest run, as the list of runs shows it.
  private func last(_ run: PipelineRun, _ values: RunValues) -> [String: Any] {
    let shown: [String: Any?] = [
      "last": values.outcome(run), "last_class": values.badge(run),
      "last_at": String(TaipeiTime.text(run.startedAt).dropFirst(5).prefix(11)), "last_path": run.path,
    ]
    return shown.present
  }

  private func row(_ schedule: Schedule, _ context: ConsoleContext) -> [String: Any] {
    let draft = schedule.draft
    var row: [String: Any] = [
      "id": schedule.id, "name": draft.name, "timing": draft.timing, "time_zone": draft.timeZone,
      "kind": site.text(draft.kind == .run ? "kind_run" : "kind_dry_run", context),
      "repeats": draft.repeats < 0 ? site.text("schedule_for_ever", context) : "\(draft.repeats)",
      "missed": schedule.missed,
      "is_paused": schedule.isPaused, "is_over": schedule.isOver,
      "title": RunText(site: site, context: context)("schedule_remove_of", draft.name),
      "is_active": !schedule.isPaused && !schedule.isOver && schedule.nextAt != nil,
    ]
    row["words"] = TimingWords(text: RunText(site: site, context: context)).words(draft.timing)
    row["zone"] = draft.timeZone == "Asia/Taipei" ? nil : draft.timeZone
    row["next_at"] = schedule.nextAt.map { TaipeiTime.text($0) }
    row["fault"] = fault(schedule, context)
    row["missed_last"] = schedule.missedAt.map {
      RunText(site: site, context: context)("schedule_missed_last", String(TaipeiTime.text($0).prefix(16)))
    }
    return row
  }
}
