import ConsoleStore
import Schedules

/// What is wrong with a schedule, in words.
package struct TimingErrorText {
  package let texts: Texts
  package let language: Language

  package init(texts: Texts, language: Language) {
    self.texts = texts
    self.language = language
  }

  package func text(_ fault: ScheduleDraft.Fault) -> String {
    switch fault {
    case .name: say("schedule_fault_name")
    case .kind: say("schedule_fault_kind")
    case .timing(let error), .timeZone(let error): text(error)
    case .neverDue: say("schedule_fault_never")
    case .repeats: say("schedule_fault_repeats")
    case .limit: say("schedule_fault_limit")
    case .retries: say("schedule_fault_retries")
    }
  }

  private func text(_ error: TimingError) -> String {
    let text =
      switch error.reason {
      case .tooLong(let limit): say("timing_too_long", "\(limit)")
      case .fieldCount(let count): say("timing_field_count", error.part, "\(count)")
      case .unknownNickname: say("timing_nickname", error.part)
      case .missingValue: say("timing_missing", error.part)
      case .unknownValue: say("timing_unknown", error.part)
      case .outOfRange(let range): say("timing_out_of_range", error.part, range)
      case .backwards: say("timing_backwards", error.part)
      case .badStep(let range): say("timing_step", error.part, range)
      case .badInterval(let range): say("timing_interval", error.part, range)
      case .unknownTimeZone: say("timing_zone", error.part)
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
    return say(name) + say("colon") + text
  }

  private func say(_ key: String, _ part: String, _ range: ClosedRange<Int>) -> String {
    say(key, part, "\(range.lowerBound)", "\(range.upperBound)")
  }
  private func say(_ key: String, _ values: String...) -> String { texts.text(key, language, values) }
}
