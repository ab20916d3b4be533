import Logging

/// One JSON object a line: `timestamp`, `level`, `name`, `message`, and the event's fields.
struct JSONLogHandler: LogHandler {
  let label: String
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  init(label: String) { self.label = label }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line =
      "{\"timestamp\":\(json(Clock.logTimestamp())),\"level\":\(json(Self.name(event.level))),\"name\":\(json(label)),\"message\":\(json(event.message.description))"
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }
    for (key, value) in fields.sorted(by: { $0.key < $1.key }) { line += ",\(json(key)):\(render(value))" }
    LogSetup.write(line + "}\n")
  }

  private static func name(_ level: Logger.Level) -> String { level.rawValue.uppercased() }

  /// Numbers stay numbers.
  private func render(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text): return json(text)
    case .stringConvertible(let value):
      if value is Int || value is Double { return value.description }
      return json(value.description)
    case .array(let values): return "[" + values.map(render).joined(separator: ",") + "]"
    case .dictionary(let values):
      return "{"
        + values.sorted { $0.key < $1.key }.map { "\(json($0.key)):\(render($0.value))" }.joined(separator: ",") + "}"
    }
  }

  private func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
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
