import ConsoleQueries

/// Texts, numbers and times as a page about runs shows them.
struct RunText {
  let site: Site
  let context: ConsoleContext

  /// A text of the interface with `%1`, `%2` … replaced.
  func callAsFunction(_ key: String, _ values: String...) -> String {
    site.texts.text(key, context.language, values)
  }

  /// The text of a key that is made of a value, or the value itself where nobody has named it.
  func named(_ prefix: String, _ value: String) -> String {
    let key = prefix + value.lowercased()
    let text = site.text(key, context)
    return text == key ? value : text
  }

  /// What there is to say where the database has no findings of a run.
  func noFindings(of run: JobRunSummary?) -> String {
    let hadSome = run.map { $0.counts.failed + $0.counts.duplicated > 0 } ?? false
    return self(hadSome ? "finding_gone" : "finding_none")
  }

  /// Thousands parted by commas.
  func count(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// A duration: tenths up to a minute, whole seconds beyond.
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

  /// Of a time as PostgreSQL writes it, in Taipei.
  func time(_ text: String?) -> String? { text.map { TaipeiTime.text($0) } }

  /// Why the gate refused a snapshot, in the reader's language. The pipeline speaks English: its sentences are the
  /// English texts. One that nobody has translated stays as it is.
  func reasons(_ reasons: [String]) -> [String] {
    reasons.map { reason in
      for key in Self.reasonKeys {
        let english = MessageTemplate(site.texts.text(key, .english))
        guard let values = english.values(of: reason) else { continue }
        return MessageTemplate(site.text(key, context)).filled(with: values)
      }
      return reason
    }
  }

  private static let reasonKeys = [
    "run_reason_fewer", "run_reason_more", "run_reason_change", "run_reason_city", "run_reason_date",
    "run_reason_column", "run_reason_rejects", "run_reason_nothing",
  ]

  /// Names of what is counted, with their numbers, the largest first.
  func counts(_ counts: [String: Int], named prefix: String) -> [[String: Any]] {
    counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { ["name": named(prefix, $0.key), "count": count($0.value)] }
  }
}

extension Dictionary where Key == String, Value == Any? {
  /// Without what is missing: to a template a nil in it would be something.
  var present: [String: Any] { compactMapValues { $0 } }
}
