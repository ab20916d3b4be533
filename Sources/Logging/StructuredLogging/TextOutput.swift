import Glibc
import Logging

/// Writes lines for people: time, level, name and message, then the event's fields, the most important first; in
/// colours on a terminal. A failure is written as its message and its hints.
struct TextOutput: StandardErrorOutput {
  /// The fields that come first.
  private static let seenFirst = [
    "event", "status", "batch_num", "raw_count", "records_total", "records_success", "records_failed",
    "records_duplicates", "error_count", "success_rate", "duration_seconds", "job_run_id",
  ]
  /// IDs, which are for programs; shown only at the level debug.
  private static let names: Set<String> = ["event_id", "run_id"]
  /// Fields that are never listed after a message.
  private static let told: Set<String> = ["error", "hints", "progress_done", "progress_total"]

  let colours: Colours
  let showsAll: Bool
  /// Lines in a file or a mail from cron are read on another day.
  let showsDate: Bool

  init(
    colours: Colours = Terminal.showsColours ? .on : .off, showsAll: Bool = LogLevel.current <= .debug,
    showsDate: Bool = !Terminal.isError
  ) {
    self.colours = colours
    self.showsAll = showsAll
    self.showsDate = showsDate
  }

  func write(_ record: LogRecord) {
    if let text = text(record) { StandardError.write(text) }
  }

  /// Formats a record.
  ///
  /// - Returns: nil for records that are shown in another way: batches and progress by the bar, a killed run by its
  ///   warning.
  func text(_ record: LogRecord) -> String? {
    if let failure = failure(record) { return failure }
    if record.fields["progress_done"] != nil, Terminal.isError { return nil }
    if case .string(let event)? = record.fields["event"],
      event == "etl_failed" || event.hasPrefix("batch_") && !showsAll
    {
      return nil
    }
    var line = colours.dim((showsDate ? record.time.dateText + " " : "") + record.time.wallText) + " "
    if record.level != .info { line += colours.level(record.level) + " " }
    line += colours.bold(Terminal.safe(record.name)) + ": " + Terminal.safe(record.message)
    let fields = fields(record).map { Terminal.safe("\($0)=\(Self.word($1))") }
    if !fields.isEmpty { line += "  " + colours.dim(fields.joined(separator: " ")) }
    return line + "\n"
  }

  private func failure(_ record: LogRecord) -> String? {
    guard case .string(let error)? = record.fields["error"], case .array(let hints)? = record.fields["hints"] else {
      return nil
    }
    var text = colours.level(.error, as: "\(record.name):") + " \(Terminal.safe(error))\n"
    for hint in hints { text += colours.bold("HINT:") + " \(Terminal.safe("\(hint)"))\n" }
    return text
  }

  private func fields(_ record: LogRecord) -> [(String, String)] {
    let shown = record.fields.filter { !Self.told.contains($0.key) && (showsAll || !Self.names.contains($0.key)) }
    let first = Self.seenFirst.filter { shown[$0] != nil }
    let rest = shown.keys.filter { !first.contains($0) }.sorted()
    return (first + rest).compactMap { key in shown[key].map { (key, "\($0)") } }
  }

  /// Quotes a text that is not one word.
  private static func word(_ text: String) -> String {
    text.isEmpty || text.contains(where: \.isWhitespace) ? "\"\(text)\"" : text
  }
}

/// The colours of text on a terminal.
enum Colours {
  case on
  case off

  func dim(_ text: String) -> String { wrap(text, "2") }
  func bold(_ text: String) -> String { wrap(text, "1") }

  func level(_ level: Logger.Level, as text: String? = nil) -> String {
    let code =
      switch level {
      case .trace, .debug: "36"
      case .info, .notice: "32"
      case .warning: "33"
      case .error, .critical: "31"
      }
    return wrap(text ?? level.rawValue.uppercased(), code)
  }

  private func wrap(_ text: String, _ code: String) -> String {
    self == .on ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
