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

  func draft() throws(ScheduleDraft.Fault) -> ScheduleDraft {
    func number(_ name: String, _ fault: ScheduleDraft.Fault) throws(ScheduleDraft.Fault) -> Int {
      guard let number = values[name].flatMap({ Int($0) }) else { throw fault }
      return number
    }
    guard let kind = values["kind"].flatMap({ ConsoleTask.Kind(rawValue: $0) }) else { throw .kind }
    let timing: String
    if values["timing_kind"] == "every" {
      timing = "every \(values["minutes"] ?? "") minutes"
      // Checked here, since an error of the cron parser would quote words that the user did not type.
      guard let minutes = values["minutes"].flatMap({ Int($0) }), Interval.allowed.contains(minutes) else {
        throw .timing(TimingError(.badInterval(Interval.allowed), part: values["minutes"] ?? ""))
      }
    } else if values["timing_kind"] == "daily" {
      let parts = (values["at"] ?? "").split(separator: ":").compactMap { Int($0) }
      guard parts.count > 1 else { throw .timing(TimingError(.unknownValue, part: values["at"] ?? "", field: .hour)) }
      timing = "\(parts[1]) \(parts[0]) * * *"
    } else {
      timing = values["cron"] ?? ""
    }
    return ScheduleDraft(
      name: values["name"] ?? "", kind: kind, timing: timing, timeZone: values["time_zone"] ?? "",
      repeats: values["repeats"] == "" ? -1 : try number("repeats", .repeats),
      limitMinutes: try number("limit_minutes", .limit),
      retries: try number("retries", .retries), retryMinutes: try number("retry_minutes", .retries))
  }

  /// The values for the template, with the selected choices.
  var fields: [String: Any] {
    var fields: [String: Any] = values
    fields["is_run"] = values["kind"] == "run"
    fields["is_dry_run"] = values["kind"] == "dry-run"
    fields["is_daily"] = values["timing_kind"] == "daily"
    fields["is_cron"] = values["timing_kind"] == "cron"
    fields["is_every"] = values["timing_kind"] == "every"
    return fields
  }
}
