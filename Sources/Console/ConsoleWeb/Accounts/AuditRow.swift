import ConsoleStore
import FoundationEssentials

/// The values of an entry of the audit log. Actions and details that this version does not know stay as they are.
struct AuditRow {
  let text: RunText
  let entry: Audit.Entry
  /// Nil if the entry has other details than texts.
  private let details: [String: String]?
  private let task: ConsoleTask?
  private let run: PipelineRun?

  /// - Parameters:
  ///   - task: the task that the entry is about, if it is known.
  ///   - run: its run, if it is known.
  init(text: RunText, _ entry: Audit.Entry, task: ConsoleTask?, run: PipelineRun?) {
    self.text = text
    self.entry = entry
    self.task = task
    self.run = run
    details = try? JSONDecoder().decode([String: String].self, from: Data(entry.detail.utf8))
  }

  var values: [String: Any] {
    let values: [String: Any?] = [
      "at": TaipeiTime.text(entry.at),
      "action": Self.action(entry.action, text, kind: details?["kind"].map { text.kind($0) } ?? "–"),
      "account": entry.account ?? (entry.address == nil ? text("run_origin_shell") : "–"),
      "address": entry.address, "subject": isOfTask ? nil : entry.subject,
      "task": isOfTask ? entry.subject : nil, "task_name": taskName, "details": shownDetails,
      "detail": details == nil ? entry.detail : nil,
    ]
    return values.present
  }

  /// Returns the text of an action.
  ///
  /// - Parameter kind: what was run, for the actions that name it.
  static func action(_ action: String, _ text: RunText, kind: String) -> String {
    let key = "audit_action_" + action.replacing(".", with: "_")
    let words = text(key, kind)
    return words == key ? action : words
  }

  /// The number of the run; for a run without one, the time at which it started.
  private var taskName: String {
    let kind = (task?.kind.rawValue ?? details?["kind"]).map { text.kind($0) } ?? text("run_title")
    if let id = run?.jobRun?.id { return text("audit_run", "\(id)", kind) }
    return kind + " " + TaipeiTime.text(task?.startedAt ?? task?.queuedAt ?? entry.at).suffix(8)
  }

  /// Whether the subject is the number of a task.
  private var isOfTask: Bool {
    ["task.", "snapshot.", "registry."].contains { entry.action.hasPrefix($0) }
  }

  private var shownDetails: [[String: Any]] {
    // The action names the kind of a task.
    (details ?? [:]).filter { !(isOfTask && $0.key == "kind") }.sorted { $0.key < $1.key }.flatMap { name, value in
      name == "arguments" && isOfTask
        ? arguments(value) : [["name": text.named("audit_detail_", name), "value": shown(value, of: name)]]
    }
  }

  /// Names the arguments of a task (``RunActions``): a snapshot, and the reason to accept it.
  private func arguments(_ joined: String) -> [[String: Any]] {
    var rest = joined[...]
    var named: [[String: Any]] = []
    func add(_ key: String, _ value: Substring) { named.append(["name": text(key), "value": String(value)]) }
    if entry.action == "registry.rollback" || rest.hasPrefix("--snapshot ") {
      rest = rest.hasPrefix("--snapshot ") ? rest.dropFirst("--snapshot ".count) : rest
      let snapshot = rest.prefix { $0 != " " }
      add("run_snapshot", snapshot)
      rest = rest.dropFirst(snapshot.count + 1)
    }
    if rest.hasPrefix("--accept=") {
      let account = " (\(entry.account ?? ""))"
      let reason = rest.dropFirst("--accept=".count)
      add("run_accept_reason", reason.hasSuffix(account) ? reason.dropLast(account.count) : reason)
      rest = ""
    }
    if !rest.isEmpty { add("audit_detail_arguments", rest) }
    return named
  }

  private func shown(_ value: String, of name: String) -> String {
    switch name {
    case "kind": text.kind(value)
    case "repeats": value == "-1" ? text("schedule_for_ever") : value
    case "role": text.named("audit_role_", value)
    case "timing": TimingWords(text: text).words(value) ?? value
    default: value
    }
  }
}
