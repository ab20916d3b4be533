import Foundation
import Logging
import StructuredLogging
import Testing

@Suite struct JSONLineTests {
  private func record(_ message: String, _ fields: Logger.Metadata = [:]) -> LogRecord {
    LogRecord(
      time: LogTime(secondsSince1970: 1_769_567_400, milliseconds: 7), level: .warning, name: "load", message: message,
      fields: fields)
  }

  @Test func consoleAndFileLinesDifferOnlyInTheirPath() throws {
    let record = record("a", ["event_id": "1", "batch_num": .stringConvertible(3)])
    let (console, file) = (JSONLine.text(record, path: .console), JSONLine.text(record, path: .file))
    #expect(console != file)
    #expect(console.replacing("\"path\":\"console\"", with: "\"path\":\"file\"") == file)
    #expect(console.hasPrefix("{\"timestamp\":\""))
  }

  /// A line has its time twice: `timestamp` in its fixed form, and `time` as RFC 3339.
  @Test func theTimeIsAlsoWrittenAsRFC3339() throws {
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(JSONLine.text(record("a"), path: .file).utf8)) as? [String: Any])
    let (timestamp, time) = (try #require(object["timestamp"] as? String), try #require(object["time"] as? String))
    #expect(try #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.007[+-]\d{4}/#.wholeMatch(in: timestamp) != nil)
    #expect(time == "2026-01-28T02:30:00.007Z")
  }

  @Test func booleansStayBooleans() {
    let line = JSONLine.text(record("a", ["temporary": .stringConvertible(false)]), path: .file)
    #expect(line.contains("\"temporary\":false"))
  }

  /// Only a shortened line has the field `truncated`. It keeps the fields that metrics count.
  @Test func aShortenedLineIsMarkedAsTruncated() throws {
    #expect(!JSONLine.text(record("a", ["error": "b"]), path: .file).contains("truncated"))
    let many = Dictionary(uniqueKeysWithValues: (0..<5000).map { ("field\($0)", Logger.MetadataValue.string("value")) })
    let counted: Logger.Metadata = [
      "event": "etl_failed", "event_id": "x", "exit_code": .stringConvertible(65),
      "temporary": .stringConvertible(false),
    ]
    let line = JSONLine.text(record("a", many.merging(counted) { $1 }), path: .file)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["truncated"] as? Bool == true)
    #expect(object["event"] as? String == "etl_failed" && object["exit_code"] as? Int == 65)
    #expect(object["temporary"] as? Bool == false)
  }

  /// Any text gives one JSON object that collectors do not split: Docker splits lines at 16 KiB.
  @Test(arguments: [
    "", "\"\\\u{0}\u{7}\n\r\t\u{1F}", "\u{2028}\u{FEFF}營業人", String(repeating: "\"", count: 300_000),
    String(repeating: "統", count: 200_000), String(repeating: "\u{1}", count: 60_000),
  ])
  func anyTextMakesOneObject(_ text: String) throws {
    let hints = Logger.MetadataValue.array(Array(repeating: .string(text), count: 40))
    for fields in [[:], ["error": .string(text), "hints": hints, "event_id": "x"]] as [Logger.Metadata] {
      let line = JSONLine.text(record(text, fields), path: .file)
      #expect(line.utf8.count < 16_384, "including its line end")
      #expect(!line.contains("\n"))
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let message = try #require(object["message"] as? String)
      #expect(message == text || message.hasSuffix("…") && text.hasPrefix(message.dropLast()))
      #expect(message == text || object["truncated"] as? Bool == true)
      if !fields.isEmpty { #expect(object["event_id"] as? String == "x") }
    }
  }
}
