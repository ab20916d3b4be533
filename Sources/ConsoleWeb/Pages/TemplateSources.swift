extension Templates {
  /// By name. A file of the folder Templates that is not listed here does not exist.
  package static let sources: [String: [UInt8]] = [
    "audit": PackageResources.audit_mustache,
    "figures": PackageResources.figures_mustache,
    "findings": PackageResources.findings_mustache,
    "layout": PackageResources.layout_mustache,
    "login": PackageResources.login_mustache,
    "problem": PackageResources.problem_mustache,
    "run": PackageResources.run_mustache,
    "run-accept": PackageResources.run_accept_mustache,
    "run-buttons": PackageResources.run_buttons_mustache,
    "run-list": PackageResources.run_list_mustache,
    "run-overview": PackageResources.run_overview_mustache,
    "run-progress": PackageResources.run_progress_mustache,
    "run-rollback": PackageResources.run_rollback_mustache,
    "run-task": PackageResources.run_task_mustache,
    "run-tasks": PackageResources.run_tasks_mustache,
    "runs": PackageResources.runs_mustache,
    "schedule": PackageResources.schedule_mustache,
    "schedule-next": PackageResources.schedule_next_mustache,
    "schedule-remove": PackageResources.schedule_remove_mustache,
    "schedules": PackageResources.schedules_mustache,
    "task-list": PackageResources.task_list_mustache,
  ]
}
