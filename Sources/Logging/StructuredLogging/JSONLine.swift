import Logging
import Support

/// The path of a record. The copies of a record differ only in this, so that a counter can count one path.
public enum LogPath: String, Sendable {
  /// stderr, and CloudWatch directly from this process.
  case console
  /// The file, and CloudWatch through the agent that reads it.
  case file
}

/// One JSON object: `timestamp`, `time`, `level`, `name`, `message`, `path`, and the event's fields.
public enum JSONLine {
  /// The longest line, with its line end, that no collector splits: Docker splits at 16 KiB, Fluent Bit at 32 KiB,
  /// journald at 48 KiB, CloudWatch at 256 KiB.
  public static let bytesMax = 16 * 1024 - 1

  /// Fields that stay even if the others leave no room.
  private static let essential: Set<String> = [
    "event", "event_id", "run_id", "job_run_id", "status", "exit_code", "temporary", "registry",
  ]

  /// Returns the record as one line without its line end, of at most ``bytesMax`` bytes. Long texts and lists are
  /// shortened; the JSON stays valid. A shortened text ends with `…`, and the line has the field `truncated`.
  public static func text(_ record: LogRecord, path: LogPath) -> String {
    let whole = JSONWriter().line(record, path, record.fields)
    if whole.utf8.count <= bytesMax { return whole }
    var fields = record.fields.merging(["truncated": .stringConvertible(true)]) { $1 }
    for (textMax, listMax) in [(4096, 40), (2048, 20), (1024, 10), (512, 5), (256, 5), (128, 5)] {
      let text = JSONWriter(textMax: textMax, listMax: listMax).line(record, path, fields)
      if text.utf8.count <= bytesMax { return text }
    }
    fields = fields.filter { essential.contains($0.key) || $0.key == "truncated" }
    return JSONWriter(textMax: 128, listMax: 5).line(record, path, fields)
  }
}

private struct JSONWriter {
  /// Maximum number of scalars of a text, and of members of a list.
  var textMax = Int.max
  var listMax = Int.max

  func line(_ record: LogRecord, _ path: LogPath, _ fields: Logger.Metadata) -> String {
    var line = "{\"timestamp\":\"\(record.time.text)\",\"time\":\"\(record.time.rfc3339)\""
    line += ",\"level\":\"\(record.level.rawValue.uppercased())\""
    line += ",\"name\":\(json(record.name)),\"message\":\(json(record.message)),\"path\":\"\(path.rawValue)\""
    for (key, value) in fields.sorted(by: { $0.key < $1.key }) { line += ",\(json(key)):\(render(value))" }
    return line + "}"
  }

  /// Numbers and booleans are not shortened.
  private func render(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): return json(text)
    case .stringConvertible(let value):
      if value is Int || value is Double || value is Bool { return value.description }
      return json(value.description)
    case .array(let values): return "[" + values.prefix(listMax).map(render).joined(separator: ",") + "]"
    case .dictionary(let values):
      return "{"
        + values.sorted { $0.key < $1.key }.prefix(listMax).map { "\(json($0.key)):\(render($0.value))" }
        .joined(separator: ",") + "}"
    }
  }

  private func json(_ text: String) -> String { JSONText.quoted(text, scalarsMax: textMax) }
}

/// JSON lines on stderr, for containers and other programs.
struct JSONOutput: StandardErrorOutput {
  func write(_ record: LogRecord) { StandardError.write(JSONLine.text(record, path: .console) + "\n") }
}
