import ConsoleStore

/// A form that was sent after the end of the session. It stays in hidden fields of the log-in page. After the log-in, a
/// page asks whether to send it.
struct KeptForm {
  /// The path to which it is sent.
  let path: String
  private let fields: [String: String]

  private static let pathName = "kept_path"
  private static let prefix = "kept_field_"
  /// The fields that a user recognises the form by, and the keys of their labels.
  private static let labels = [
    ("reason", "run_accept_reason"), ("as_of_date", "run_as_of"), ("snapshot", "run_snapshot"),
    ("name", "schedule_name"),
    ("kind", "schedule_kind"), ("at", "timing_daily"), ("minutes", "schedule_minutes"), ("cron", "timing_cron"),
    ("time_zone", "schedule_zone"), ("repeats", "schedule_repeats"), ("limit_minutes", "schedule_limit"),
    ("retries", "schedule_retries"), ("retry_minutes", "schedule_retry_minutes"),
  ]
  /// The fields of the timings that a schedule may have; the form sends all of them.
  private static let timings = ["daily": "at", "every": "minutes", "cron": "cron"]
  /// The keys of the actions, by the last word of the path. Those of the second list need a button of warning.
  private static let actions = [
    "run": "run_now", "dry-run": "run_dry", "retry": "run_again", "schedules": "schedule_new",
    "change": "schedule_save",
    "pause": "schedule_pause", "resume": "schedule_resume", "stop": "task_stop", "accept": "run_accept",
    "reload": "run_reload_do", "rollback": "run_rollback_do", "remove": "schedule_remove",
  ]
  private static let dangers: Set = ["stop", "accept", "reload", "rollback", "remove"]

  init(path: String, _ form: FormFields) {
    self.path = path
    fields = form.values.filter { $0.key != "form_token" }
  }

  /// Reads the form from the fields of a log-in.
  ///
  /// - Returns: nil if there is none.
  init?(in login: FormFields) {
    guard let path = login[Self.pathName], LocalPath.checked(path) == path else { return nil }
    self.path = path
    fields = Dictionary(
      uniqueKeysWithValues: login.values.compactMap { name, value in
        name.hasPrefix(Self.prefix) ? (String(name.dropFirst(Self.prefix.count)), value) : nil
      }.filter { $0.0 != "form_token" })
  }

  /// What the form does: the last word of its path, or the kind of the run that it starts.
  private var action: String {
    if path == "/tasks" { return fields["kind"] ?? "" }
    if path.hasPrefix("/schedules/"), path.split(separator: "/").count == 2 { return "change" }
    return path.split(separator: "/").last { Int($0) == nil }.map { String($0) } ?? ""
  }

  /// The key of the action's text; nil for a form that the console does not have.
  var actionKey: String? { Self.actions[action] }
  var isDangerous: Bool { Self.dangers.contains(action) }

  /// The page of the run or the schedule that the form is about.
  var objectPath: String? {
    let parts = path.split(separator: "/")
    return parts.count > 1 ? "/" + parts.prefix(2).joined(separator: "/") : nil
  }

  /// The hidden fields of the log-in page.
  var keptFields: [[String: String]] {
    let kept = fields.map { (Self.prefix + $0.key, $0.value) } + [(Self.pathName, path)]
    return Self.list(Dictionary(uniqueKeysWithValues: kept))
  }

  /// The hidden fields of the page that sends the form.
  var sentFields: [[String: String]] { Self.list(fields) }

  /// What the user filled in, with its labels.
  func filledIn(_ text: (String) -> String) -> [[String: String]] {
    let timing = fields["timing_kind"].flatMap { Self.timings[$0] }
    return Self.labels.compactMap { name, label in
      guard var value = fields[name], path != "/tasks" else { return nil }
      if name == "repeats", value.isEmpty { value = text("schedule_for_ever") }
      if value.isEmpty { return nil }
      if timing != nil, name != timing, Self.timings.values.contains(name) { return nil }
      let kind = name == "kind" ? ConsoleTask.Kind(rawValue: value) : nil
      return ["label": text(label), "value": kind.map { text($0 == .run ? "kind_run" : "kind_dry_run") } ?? value]
    }
  }

  private static func list(_ fields: [String: String]) -> [[String: String]] {
    fields.sorted { $0.key < $1.key }.map { ["name": $0.key, "value": $0.value] }
  }
}
