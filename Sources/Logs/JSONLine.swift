import Logging

/// Which way a record goes. The copies of one record differ in this alone, so that whoever counts them counts one way.
public enum LogPath: String, Sendable {
  /// stderr, and CloudWatch straight from the process.
  case console
  /// The file, and CloudWatch by way of the agent that reads it.
  case file
}

/// One JSON object: `timestamp`, `level`, `name`, `message`, `path`, and the event's fields.
public enum JSONLine {
  /// What CloudWatch takes as one event, less what it counts for each.
  public static let bytesMax = 256 * 1024 - 26

  /// The record as one line without its line end, at most ``bytesMax`` long: long texts are shortened, never the JSON.
  public static func text(_ record: LogRecord, path: LogPath) -> String {
    var text = ""
    for (textMax, listMax) in [(Int.max, Int.max), (8192, 20), (256, 5)] {
      text = JSONWriter(textMax: textMax, listMax: listMax).line(record, path, record.fields)
      if text.utf8.count <= bytesMax { return text }
    }
    let known = record.fields.filter { ["event", "event_id", "run_id"].contains($0.key) }
    return JSONWriter(textMax: 256, listMax: 5).line(record, path, known)
  }
}

private struct JSONWriter {
  /// Scalars of a text, and members of a list, that are written.
  let textMax: Int
  let listMax: Int

  func line(_ record: LogRecord, _ path: LogPath, _ fields: Logger.Metadata) -> String {
    var line = "{\"timestamp\":\"\(record.time.text)\",\"level\":\"\(record.level.rawValue.uppercased())\""
    line += ",\"name\":\(json(record.name)),\"message\":\(json(record.message)),\"path\":\"\(path.rawValue)\""
    for (key, value) in fields.sorted(by: { $0.key < $1.key }) { line += ",\(json(key)):\(render(value))" }
    return line + "}"
  }

  /// Numbers stay numbers.
  private func render(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): return json(text)
    case .stringConvertible(let value):
      if value is Int || value is Double { return value.description }
      return json(value.description)
    case .array(let values): return "[" + values.prefix(listMax).map(render).joined(separator: ",") + "]"
    case .dictionary(let values):
      return "{"
        + values.sorted { $0.key < $1.key }.prefix(listMax).map { "\(json($0.key)):\(render($0.value))" }
        .joined(separator: ",") + "}"
    }
  }

  private func json(_ text: String) -> String {
    var result = "\""
    var room = textMax
    for scalar in text.unicodeScalars {
      guard room > 0 else {
        result += "…"
        break
      }
      room -= 1
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
