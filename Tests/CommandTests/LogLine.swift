import Testing

/// A line of a stage's log with `LOG_FORMAT=json`.
struct LogLine {
  let fields: JSON

  /// Parses all lines of stderr, and checks the fields that every line has.
  static func read(_ stderr: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [LogLine] {
    #expect(stderr.isEmpty || stderr.hasSuffix("\n"), sourceLocation: sourceLocation)
    return try stderr.split(separator: "\n").map { text in
      let line = LogLine(fields: try JSON(text))
      line.check("\(text)", sourceLocation)
      return line
    }
  }

  var event: String? { fields["event"]?.string }
  var message: String { fields["message"]?.string ?? "" }
  var runID: String? { fields["run_id"]?.string }

  static let events: Set<String> = [
    "etl_started", "batch_started", "batch_validation_errors", "batch_completed", "batch_dry_run", "etl_summary",
    "etl_completed", "etl_failed",
  ]

  private func check(_ text: String, _ place: SourceLocation) {
    let stamp = #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0800/#
    #expect((try? stamp.wholeMatch(in: fields["timestamp"]?.string ?? "")) != nil, "\(text)", sourceLocation: place)
    // The same time in RFC 3339, in UTC: minutes and seconds are equal.
    let (time, local) = (fields["time"]?.string ?? "", fields["timestamp"]?.string ?? "")
    #expect(
      time.count == 24 && time.hasSuffix("Z") && time.dropFirst(13).dropLast() == local.dropFirst(13).dropLast(5),
      "\(text)", sourceLocation: place)
    #expect(text.utf8.count < 16_384, "log collectors split longer lines", sourceLocation: place)
    let level = fields["level"]?.string ?? ""
    #expect(["DEBUG", "INFO", "NOTICE", "WARNING", "ERROR"].contains(level), "\(text)", sourceLocation: place)
    #expect(fields["name"]?.string?.isEmpty == false && !message.isEmpty, "\(text)", sourceLocation: place)
    #expect((runID ?? "").count == 36 && fields["event_id"]?.string?.count == 36, "\(text)", sourceLocation: place)
    for key in [
      "job_run_id", "batch_num", "raw_count", "records_total", "records_success", "records_failed",
      "records_duplicates", "error_count", "exit_code", "source_age_days",
    ] {
      #expect(fields[key] == nil || fields[key]?.int != nil, "\(key): \(text)", sourceLocation: place)
    }
    for key in ["duration_seconds", "success_rate"] {
      #expect(fields[key] == nil || fields[key]?.number != nil, "\(key): \(text)", sourceLocation: place)
    }
    for key in ["status", "error", "source_date", "registry"] {
      #expect(fields[key] == nil || fields[key]?.string != nil, "\(key): \(text)", sourceLocation: place)
    }
    guard let event else { return }
    #expect(Self.events.contains(event), "\(text)", sourceLocation: place)
    let expected = ["batch_validation_errors": "WARNING", "etl_failed": "ERROR"][event] ?? "INFO"
    #expect(level == expected, "\(text)", sourceLocation: place)
  }
}

extension [LogLine] {
  var events: [String] { compactMap(\.event) }

  func all(_ event: String) -> [LogLine] { filter { $0.event == event } }
}
