/// JSON lines on stderr, for containers and other programs.
struct JSONOutput: StandardErrorOutput {
  func write(_ record: LogRecord) { StandardError.write(JSONLine.text(record, path: .console) + "\n") }
}
