import ConsoleStore
import Schedules

/// The fields of a schedule's form. Invalid values stay as the user typed them.
struct ScheduleForm {
  var values: [String: String]
  private static let names = [
    "name", "kind", "timing_kind", "at", "cron", "minutes", "time_zone", "repeats", "limit_minutes", "retries",
    "retry_minutes",
  ]

  init(_ fields: FormFields) {
    values = Self.standard
    for name in Self.names where fields.values[name] != nil { values[name] = fields[name] ?? "" }
  }

  init(_ draft: ScheduleDraft) {
    values = Self.standard
    let words = draft.timing.split(separator: " ")
    let isEvery = words.first == "every" && words.count == 3
    values["name"] = draft.name
    values["kind"] = draft.kind.rawValue
    let at = TimingWords.daily(draft.timing)
    values["timing_kind"] = isEvery ? "every" : at == nil ? "cron" : "daily"
    values["at"] = at ?? values["at"]
    values[isEvery ? "minutes" : "cron"] = isEvery ? String(words[1]) : draft.timing
    values["time_zone"] = draft.timeZone
    values["repeats"] = draft.repeats < 0 ? "" : String(draft.repeats)
    values["limit_minutes"] = String(draft.limitMinutes)
    values["retries"] = String(draft.retries)
    values["retry_minutes"] = String(draft.retryMinutes)
  }

  private static let standard = [
    "name": "", "kind": "run", "timing_kind": "daily", "at": "02:00", "cron": "0 2 * * *", "minutes": "60",
    "time_zone": "Asia/Taipei", "repeats": "", "limit_minutes": "120", "retries": "2", "retry_minutes": "10",
  ]

  /// Reads the draft. A value that is not a number becomes one that is not allowed.
  ///
  /// - Parameter now: Unix seconds.
  /// - Returns: the draft, and everything that is invalid.
  func read(now: Int64) -> (draft: ScheduleDraft, faults: [ScheduleDraft.Fault]) {
    func number(_ name: String) -> Int { values[name].flatMap { Int($0) } ?? .min }
    var draft = ScheduleDraft(
      name: values["name"] ?? "", kind: values["kind"].flatMap { ConsoleTask.Kind(rawValue: $0) } ?? .fetch, timing: "",
      timeZone: values["time_zone"] ?? "", repeats: values["repeats"] == "" ? -1 : number("repeats"),
      limitMinutes: number("limit_minutes"), retries: number("retries"), retryMinutes: number("retry_minutes"))
    do {
      draft.timing = try timing()
      return (draft, draft.faults(now: now))
    } catch {
      let others = draft.faults(now: now).filter { if case .timing = $0 { false } else { true } }
      return (draft, others + [.timing(error)])
    }
  }

  /// Returns the timing as a schedule stores it. A cron expression is not checked.
  private func timing() throws(TimingError) -> String {
    switch values["timing_kind"] {
    case "every":
      // Checked here, since an error of the cron parser would quote words that the user did not type.
      guard let minutes = values["minutes"].flatMap({ Int($0) }), Interval.allowed.contains(minutes) else {
        throw TimingError(.badInterval(Interval.allowed), part: values["minutes"] ?? "")
      }
      return "every \(minutes) minutes"
    case "daily":
      let parts = (values["at"] ?? "").split(separator: ":").compactMap { Int($0) }
      guard parts.count > 1 else { throw TimingError(.unknownValue, part: values["at"] ?? "", field: .hour) }
      return "\(parts[1]) \(parts[0]) * * *"
    default: return values["cron"] ?? ""
    }
  }

  /// The values for the template, with the selected choices.
  var fields: [String: Any] {
    var fields: [String: Any] = values
    fields["is_run"] = values["kind"] == "run"
    fields["is_dry_run"] = values["kind"] == "dry-run"
    fields["is_daily"] = values["timing_kind"] == "daily"
    fields["is_cron"] = values["timing_kind"] == "cron"
    fields["is_every"] = values["timing_kind"] == "every"
    fields["has_zone"] = values["time_zone"] != Self.standard["time_zone"]
    return fields
  }
}
