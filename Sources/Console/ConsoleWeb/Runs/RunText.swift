import ConsoleQueries
import ConsoleStore
import Foundation

/// Formats texts, numbers and times for a page.
struct RunText {
  let site: Site
  let context: ConsoleContext

  /// Returns a text of the interface with `%1`, `%2` … replaced.
  func callAsFunction(_ key: String, _ values: String...) -> String {
    site.texts.text(key, context.language, values)
  }

  /// Returns a text of the interface; nil if there is none of this key.
  func ifAny(_ key: String) -> String? { site.texts[context.language][key] }

  /// Returns the text of the key `prefix` + `value`, or the value itself if there is no such text.
  func named(_ prefix: String, _ value: String) -> String {
    ifAny(prefix + value.lowercased()) ?? value
  }

  /// Returns the text for a run without findings in the database.
  func noFindings(of run: JobRunSummary?) -> String {
    let hadSome = run.map { $0.counts.failed + $0.counts.duplicated > 0 } ?? false
    return self(hadSome ? "finding_gone" : "finding_none")
  }

  /// Formats a number with commas between thousands.
  func count(_ number: Int) -> String { Self.grouped(number) }

  static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// Formats a duration: up to a minute in tenths or hundredths of a second, beyond in minutes and seconds, or hours
  /// and minutes.
  func seconds(_ seconds: Double) -> String {
    guard 0..<1e9 ~= seconds else { return "–" }
    if seconds < 60 {
      let hundredths = Int((seconds * 100).rounded())
      let fraction = hundredths % 100
      let text = fraction % 10 == 0 ? "\(fraction / 10)" : fraction < 10 ? "0\(fraction)" : "\(fraction)"
      return self("run_seconds", "\(hundredths / 100).\(text)")
    }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return self("run_minutes", "\(whole / 60)", "\(whole % 60)") }
    return self("run_hours", "\(whole / 3600)", "\(whole % 3600 / 60)")
  }

  /// Converts a time of the database to Taipei time.
  func time(_ text: String?) -> String? { text.map { TaipeiTime.text($0) } }

  /// Says what a queued task waits for.
  func waiting(_ task: ConsoleTask, now: Date) -> String {
    task.isRetry(waitingAt: now)
      ? self("run_waits_retry", "\(task.attempt)", TaipeiTime.text(task.notBefore)) : self("run_waits")
  }

  /// Translates the reasons of a refusal.
  func reasons(_ reasons: [String]) -> [String] {
    let refusal = RefusalText(texts: site.texts, language: context.language)
    return reasons.map { refusal.text($0) }
  }

  /// Returns the first reasons of a refusal in short, for a list.
  func inShort(_ reasons: [String]) -> String {
    let refusal = RefusalText(texts: site.texts, language: context.language)
    let more = reasons.count > 2 ? [self("run_reasons_more", "\(reasons.count - 2)")] : []
    return (reasons.prefix(2).map { refusal.short($0) } + more).joined(separator: self("semicolon"))
  }

  /// Returns names and numbers for counts, the largest first.
  func counts(_ counts: [String: Int], named prefix: String) -> [[String: Any]] {
    counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { ["name": named(prefix, $0.key), "count": count($0.value)] }
  }
}

extension Dictionary where Key == String, Value == Any? {
  /// The values without nil, which a template would treat as a value.
  var present: [String: Any] { compactMapValues { $0 } }
}
