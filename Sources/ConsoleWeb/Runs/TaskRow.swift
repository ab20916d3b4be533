import ConsoleDesk

/// A task as lists show it.
enum TaskRow {
  static func values(_ task: ConsoleTask, _ site: Site, _ context: ConsoleContext) -> [String: Any] {
    var row: [String: Any] = [
      "id": task.id, "kind": RunText(site: site, context: context).kind(task.kind.rawValue),
      "state": task.state.rawValue, "state_text": site.text("state_" + task.state.rawValue, context),
      "by": task.askedBy ?? task.schedule ?? "–", "is_queued": task.state == .queued,
      "is_running": task.state == .running,
      "may_stop": !task.state.isOver && context.isOperator,
    ]
    row["attempt"] = task.attempt > 1 ? task.attempt : nil
    row["queued_at"] = TaipeiTime.text(task.queuedAt)
    row["started_at"] = task.startedAt.map { TaipeiTime.text($0) }
    row["ended_at"] = task.endedAt.map { TaipeiTime.text($0) }
    row["exit_code"] = task.exitCode
    row["reason"] = task.reason.map { site.text("reason_" + $0.rawValue.replacing(" ", with: "_"), context) }
    return row
  }
}
