/// A schedule's timing in words, if it is a usual one.
struct TimingWords {
  let text: RunText

  /// Returns the words; nil for other cron expressions.
  func words(_ timing: String) -> String? {
    let fields = timing.split(separator: " ").map(String.init)
    if fields.count == 3, fields[0] == "every" {
      return fields[1] == "1" ? text("timing_every_minute") : text("timing_every_minutes", fields[1])
    }
    guard fields.count == 5, fields[3] == "*", let minute = Self.number(fields[0], 59),
      let hours = hours(fields[1], minute)
    else { return nil }
    switch (fields[2], fields[4]) {
    case ("*", "*"): return text("timing_days_all", hours)
    case (let day, "*"): return Self.number(day, 31).map { text("timing_days_month", "\($0)", hours) }
    case ("*", let days):
      let ends = days.split(separator: "-").compactMap { text.ifAny("timing_weekday_\($0)") }
      if days.count == 1, ends.count == 1 { return text("timing_days_week", ends[0], hours) }
      return days.count == 3 && ends.count == 2 ? text("timing_days_range", ends[0], ends[1], hours) : nil
    default: return nil
    }
  }

  /// Returns the time of a schedule for each day, such as `02:00`; nil for others.
  static func daily(_ timing: String) -> String? {
    let fields = timing.split(separator: " ")
    guard fields.count == 5, fields[2...].allSatisfy({ $0 == "*" }), let minute = number(fields[0], 59),
      let hour = number(fields[1], 23)
    else { return nil }
    return time(hour, minute)
  }

  /// Returns the times of a number, a range, or a range with a step; nil for other fields.
  private func hours(_ field: String, _ minute: Int) -> String? {
    if let hour = Self.number(field, 23) { return Self.time(hour, minute) }
    let parts = field.split(separator: "/")
    let ends = (parts.first == "*" ? "0-23" : parts.first ?? "").split(separator: "-")
      .compactMap { Self.number($0, 23) }
    guard ends.count == 2, ends[0] < ends[1], let step = parts.count == 2 ? Int(parts[1]) : 1, step > 0 else {
      return nil
    }
    let last = ends[0] + (ends[1] - ends[0]) / step * step
    let (from, to) = (Self.time(ends[0], minute), Self.time(last, minute))
    return step == 1 ? text("timing_hourly", from, to) : text("timing_hours", from, to, "\(step)")
  }

  /// Returns a number up to `max`; nil for others, which are no times: the schedule has a fault.
  private static func number(_ field: some StringProtocol, _ max: Int) -> Int? {
    Int(field).flatMap { 0...max ~= $0 ? $0 : nil }
  }

  private static func time(_ hour: Int, _ minute: Int) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return two(hour) + ":" + two(minute)
  }
}
