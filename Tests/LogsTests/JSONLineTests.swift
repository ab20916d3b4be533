import Foundation
import Logging
import Logs
import Testing

@Suite struct JSONLineTests {
  private func record(_ message: String, _ fields: Logger.Metadata = [:]) -> LogRecord {
    LogRecord(
      time: LogTime(secondsSince1970: 1_769_567_400, milliseconds: 7), level: .warning, name: "load", message: message,
      fields: fields)
  }

  @Test func theCopiesDifferInTheirPathAlone() throws {
    let record = record("a", ["event_id": "1", "batch_num": .stringConvertible(3)])
    let (console, file) = (JSONLine.text(record, path: .console), JSONLine.text(record, path: .file))
    #expect(console != file)
    #expect(console.replacing("\"path\":\"console\"", with: "\"path\":\"file\"") == file)
    #expect(console.hasPrefix("{\"timestamp\":\""))
  }

  /// Whatever the text, the line is one JSON object that CloudWatch takes as one event.
  @Test(arguments: [
    "", "\"\\\u{0}\u{7}\n\r\t\u{1F}", "\u{2028}\u{FEFF}營業人", String(repeating: "\"", count: 300_000),
    String(repeating: "統", count: 200_000), String(repeating: "\u{1}", count: 60_000),
  ])
  func anyTextMakesOneObject(_ text: String) throws {
    let hints = Logger.MetadataValue.array(Array(repeating: .string(text), count: 40))
    for fields in [[:], ["error": .string(text), "hints": hints, "event_id": "x"]] as [Logger.Metadata] {
      let line = JSONLine.text(record(text, fields), path: .file)
      #expect(line.utf8.count <= 262_144 - 26)
      #expect(!line.contains("\n"))
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let message = try #require(object["message"] as? String)
      #expect(message == text || message.hasSuffix("…") && text.hasPrefix(message.dropLast()))
      if !fields.isEmpty { #expect(object["event_id"] as? String == "x") }
    }
  }
}
