import Glibc
import Logging

/// Lines for a person: time, level, message, and those fields that the message does not say.
struct TextLogHandler: LogHandler {
  let label: String
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  /// Fields for programs; a person reads the message.
  private static let hidden: Set<String> = ["event", "event_id", "run_id", "job_run_id", "hints", "error"]

  init(label: String) { self.label = label }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    // A failure is told by its error lines, a batch by the progress line.
    if case .string(let name)? = event.metadata?["event"],
      name == "etl_failed" || name.hasPrefix("batch_") && logLevel > .debug
    {
      return
    }
    var line = "\(Clock.wallTime()) "
    if event.level != .info { line += event.level.rawValue.uppercased() + " " }
    line += "\(label): \(event.message)"
    if logLevel <= .debug {
      for (key, value) in (event.metadata ?? [:]).sorted(by: { $0.key < $1.key }) where !Self.hidden.contains(key) {
        line += " \(key)=\(value)"
      }
    }
    LogSetup.write(Terminal.safe(line) + "\n")
  }
}

/// What may be shown on a terminal.
public enum Terminal {
  public static let isError = isatty(STDERR_FILENO) == 1

  /// Text without control characters, which could change what the terminal shows.
  public static func safe(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = ""
    for scalar in text.unicodeScalars { result.unicodeScalars.append(isUnsafe(scalar) ? "\u{FFFD}" : scalar) }
    return result
  }

  /// The same for text of several lines.
  public static func safeLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { safe(String($0)) }.joined(separator: "\n")
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || scalar.value >= 0x7F && scalar.value < 0xA0
      || (0x200E...0x200F).contains(scalar.value) || (0x2028...0x202E).contains(scalar.value)
      || scalar.value == 0x61C || scalar.value == 0xFEFF || (0x2066...0x2069).contains(scalar.value)
  }
}
