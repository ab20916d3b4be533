import ConsoleQueries
import Foundation
import Postgres
import SeededRandom
import Testing

@Suite("Findings of a run", .needsRunDatabase)
struct FindingTests {
  private struct Made: Hashable {
    let batch: Int
    let severity: String
    let code: String
    let record: Int
    let column: String?
  }

  private static let codes = ["INVALID_BAN", "MISSING_NAME", "BAN_CHECKSUM", "INVALID_DATE"]

  @Test("pages of a filter return each matching finding once, in source order")
  func pages() throws {
    var random = SeededRandom()
    try RunHarness.with { harness, connection in
      let other = try harness.run(&connection)
      let run = try harness.run(&connection)
      try harness.finding(
        &connection, run: other, batch: 1, severity: "error", code: "INVALID_BAN", raw: #"{"record": 1, "raw": "x"}"#)
      var made: Set<Made> = []
      for _ in 0..<120 {
        let code = Self.codes[random.below(4)]
        let batch = 1 + random.below(4)
        let finding = Made(
          batch: batch, severity: code.hasPrefix("BAN") || code == "INVALID_DATE" ? "warning" : "error", code: code,
          // A record belongs to one batch and may have several findings.
          record: batch * 100 + random.below(30), column: [nil, "設立日期", "統一編號"][random.below(3)])
        guard made.insert(finding).inserted else { continue }
        let column = finding.column.map { "\"\($0)\"" } ?? "null"
        try harness.finding(
          &connection, run: run, batch: batch, severity: finding.severity, code: code,
          raw: #"{"record": \#(finding.record), "line": 7, "byte_offset": 8, "column": \#(column), "raw": "甲,\u202e"}"#)
      }
      for trial in 0..<20 {
        let filter = FindingFilter(
          code: random.below(2) == 0 ? nil : Self.codes[random.below(4)],
          severity: [nil, "error", "warning"][random.below(3)], batch: random.below(2) == 0 ? nil : 1 + random.below(5))
        let expected = made.filter {
          (filter.code ?? $0.code) == $0.code && (filter.severity ?? $0.severity) == $0.severity
            && (filter.batch ?? $0.batch) == $0.batch
        }
        let seen = try Self.all(&connection, run, filter, limit: 1 + random.below(12))
        let read = seen.map {
          Made(batch: $0.batch, severity: $0.severity, code: $0.code, record: $0.record, column: $0.column)
        }
        let note: Comment = "seed \(random.seed), trial \(trial)"
        #expect(read.count == expected.count && Set(read) == expected, note)
        let order = read.map { [$0.batch, $0.record] }
        #expect(zip(order, order.dropFirst()).allSatisfy { !$1.lexicographicallyPrecedes($0) }, note)
        let counts = try Findings.counts(&connection, of: run, filter)
        #expect(
          Dictionary(uniqueKeysWithValues: counts.map { ($0.severity + $0.code, $0.count) })
            == Dictionary(grouping: expected) { $0.severity + $0.code }.mapValues(\.count), note)
        let batches = try Findings.batches(&connection, of: run, filter)
        #expect(batches.map(\.batch) == Set(expected.map(\.batch)).sorted(), note)
        #expect(
          batches.map(\.errors) == batches.map { b in expected.count { $0.batch == b.batch && $0.severity == "error" } }
        )
        #expect(batches.map { $0.errors + $0.warnings }.reduce(0, +) == expected.count, note)
      }
    }
  }

  private static func all(
    _ connection: inout Connection, _ run: Int, _ filter: FindingFilter, limit: Int
  ) throws -> [StoredFinding] {
    var seen: [StoredFinding] = []
    var place: FindingCursor?
    repeat {
      let page = try Findings.page(&connection, of: run, filter, behind: place, limit: limit)
      seen += page.findings
      // As the console reads it from a URL.
      place = try page.next.map { try #require(FindingCursor(text: $0.text)) }
    } while place != nil
    return seen
  }

  @Test("a record's bytes are returned unchanged, including invalid UTF-8")
  func bytes() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      let bytes: [UInt8] = [0xE5, 0xA4, 0x2C, 0x00, 0xFE]
      try harness.finding(
        &connection, run: run, batch: 1, severity: "error", code: "INVALID_ENCODING",
        raw: #"{"record": 1, "line": 2, "byte_offset": 33, "raw_base64": "\#(Data(bytes).base64EncodedString())"}"#)
      try harness.finding(
        &connection, run: run, batch: 1, severity: "error", code: "RECORD_TOO_LONG",
        raw: #"{"record": 2, "line": 3, "raw": "甲\"\\\n", "truncated": true}"#)
      let findings = try Findings.page(&connection, of: run).findings
      #expect(findings.map(\.raw) == [bytes, Array("甲\"\\\n".utf8)])
      #expect(findings.map(\.isTruncated) == [false, true])
      #expect(findings[0].line == 2 && findings[0].byteOffset == 33 && findings[0].column == nil)
    }
  }

  @Test("findings are found by the BAN of their record, not by that of its head office or a part of it")
  func ofBAN() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      try harness.publication(&connection, run: run, snapshot: "S1")
      let ban = try #require(BAN("00000001"))
      let invalid = Data([0x22, 0xE5, 0x22]).base64EncodedString()
      let other = Data(Array("臺北市,00000001,".utf8) + [0xE5]).base64EncodedString()
      let records: [(code: String, raw: String)] = [
        ("MISSING_NAME", #""raw": "臺北市,00000001,,,1""#),
        ("MISSING_NAME", #""raw": "\"臺北市\",\"00000001\",\"\",\"\"""#),
        ("INVALID_ENCODING", #""raw_base64": "\#(other)""#),
        // Other records.
        ("MISSING_NAME", #""raw": "臺北市,00000002,00000001,,1""#),
        ("MISSING_NAME", #""raw": "臺北市00000001,00000002,,,1""#),
        ("INVALID_BAN", #""raw": "臺北市,no BAN,00000001,,1""#),
        ("MISSING_NAME", #""raw": "臺北市,100000001,,,1""#),
        ("INVALID_ENCODING", #""raw_base64": "\#(invalid)""#), ("MALFORMED_QUOTE", #""column": null"#),
      ]
      for (number, record) in records.enumerated() {
        try harness.finding(
          &connection, run: run, batch: 1, severity: "error", code: record.code,
          raw: #"{"record": \#(number), "line": 4, \#(record.raw)}"#)
      }
      try harness.finding(
        &connection, run: run, batch: 1, severity: "warning", code: "INVALID_DATE",
        raw: #"{"record": 50, "line": 4, "raw": "臺北市,00000003,,甲,1"}"#)
      let found = try Findings.page(&connection, of: run, FindingFilter(ban: ban)).findings
      #expect(found.map(\.record) == [0, 1, 2])
      let rejection = try #require(try Findings.rejection(of: ban, on: &connection))
      #expect(rejection.run.id == run && rejection.finding.record == 0)
      let accepted = try #require(BAN("00000003"))
      let none = try Findings.rejection(of: accepted, on: &connection)
      #expect(none == nil, "a warning does not reject")
      #expect(try JobRuns.withFindings(&connection).map(\.id) == [run])
    }
  }

  @Test("a value that is too long is reported with the length that its column accepts")
  func tooLong() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      for (record, code) in ["VALUE_TOO_LONG", "INVALID_DATE"].enumerated() {
        try harness.finding(
          &connection, run: run, batch: 1, severity: "error", code: code,
          raw: #"{"record": \#(record), "line": 4, "column": "營業地址", "raw": ""}"#)
      }
      #expect(try Findings.page(&connection, of: run).findings.map(\.lengthMax) == [500, nil])
    }
  }

  @Test("a finding in a correction sheet has a line, but no record number and no bytes")
  func sheet() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      try harness.finding(
        &connection, run: run, batch: 1, severity: "error", code: "INVALID_BAN",
        raw: #"{"code": "INVALID_BAN", "severity": "error", "message": "what is wrong", "line": 4, "row": 3}"#)
      let finding = try #require(try Findings.page(&connection, of: run).findings.first)
      #expect(finding.line == 4 && finding.record == 0 && finding.byteOffset == 0)
      #expect(finding.raw.isEmpty && !finding.isTruncated)
    }
  }

  @Test("a batch with the maximum number of stored findings is marked as capped")
  func capped() throws {
    try RunHarness.with { harness, connection in
      let run = try harness.run(&connection)
      for batch in 1...2 {
        for record in 0..<(batch == 1 ? Findings.perBatchMax : Findings.perBatchMax - 1) {
          try harness.finding(
            &connection, run: run, batch: batch, severity: "warning", code: "INVALID_DATE",
            raw: #"{"record": \#(record), "raw": ""}"#)
        }
      }
      let batches = try Findings.batches(&connection, of: run)
      #expect(batches.map(\.isCapped) == [true, false])
    }
  }

  @Test(
    "an invalid cursor is rejected", arguments: ["", "1", "1.2.X", "a.2.X.", "99999999999.1.X.", "1.2.X.\0"])
  func invalidCursor(_ text: String) { #expect(FindingCursor(text: text) == nil) }
}
