import ConsoleStore
import Schedules

/// Translates the faults of a schedule.
package struct TimingErrorText {
  package let texts: Texts
  package let language: Language

  package init(texts: Texts, language: Language) {
    self.texts = texts
    self.language = language
  }

  package func text(_ fault: ScheduleDraft.Fault) -> String {
    switch fault {
    case .name: message("schedule_fault_name")
    case .kind: message("schedule_fault_kind")
    case .timing(let error), .timeZone(let error): text(error)
    case .neverDue: message("schedule_fault_never")
    case .repeats: message("schedule_fault_repeats")
    case .limit: message("schedule_fault_limit")
    case .retries: message("schedule_fault_retries")
    }
  }

  private func text(_ error: TimingError) -> String {
    let text =
      switch error.reason {
      case .tooLong(let limit): message("timing_too_long", "\(limit)")
      case .fieldCount(let count): message("timing_field_count", error.part, "\(count)")
      case .unknownNickname: message("timing_nickname", error.part)
      case .missingValue: message("timing_missing", error.part)
      case .unknownValue: message("timing_unknown", error.part)
      case .outOfRange(let range): message("timing_out_of_range", error.part, range)
      case .backwards: message("timing_backwards", error.part)
      case .badStep(let range): message("timing_step", error.part, range)
      case .badInterval(let range): message("timing_interval", error.part, range)
      case .unknownTimeZone: message("timing_zone", error.part)
      }
    guard let field = error.field else { return text }
    let name =
      switch field {
      case .minute: "timing_minute"
      case .hour: "timing_hour"
      case .dayOfMonth: "timing_day"
      case .month: "timing_month"
      case .dayOfWeek: "timing_weekday"
      }
    return message(name) + message("colon") + text
  }

  private func message(_ key: String, _ part: String, _ range: ClosedRange<Int>) -> String {
    message(key, part, "\(range.lowerBound)", "\(range.upperBound)")
  }
  private func message(_ key: String, _ values: String...) -> String { texts.text(key, language, values) }
}
