import Foundation
import LoadStage
import Spool
import TestCluster
import Testing

@Suite("Findings in the database", .needsServer)
struct FindingsTests {
  private func line(_ record: Int, _ severity: String, raw: String = #""raw":"a,b""#) -> String {
    #"{"record":\#(record),"line":\#(record + 2),"byte_offset":\#(record * 100),"code":"\#(severity.uppercased())_CODE","#
      + #""severity":"\#(severity)","column":"營業人名稱","message":"it is \"severity\":\"odd\"",\#(raw)}"#
  }

  @Test("the first 100 findings of each severity are stored per batch, complete")
  func capped() throws {
    try LoadHarness.with { harness in
      let lines = (1...250).map { line($0, $0.isMultiple(of: 2) ? "warning" : "error") }
      let outcome = try harness.load(businesses(15), .init(findings: [1: lines, 2: [line(1, "warning")]]))
      #expect(
        try harness.database.rows(
          """
          SELECT job_run_id, batch_number, severity, error_type, count(*), max((raw_data ->> 'record')::int)
          FROM data_import_error GROUP BY 1, 2, 3, 4 ORDER BY 2, 3
          """) == ["1|1|error|ERROR_CODE|100|199", "1|1|warning|WARNING_CODE|100|200", "1|2|warning|WARNING_CODE|1|1"])
      #expect(
        try harness.database.rows("SELECT error_message, raw_data FROM data_import_error WHERE batch_number = 2") == [
          #"it is "severity":"odd"|{"raw": "a,b", "code": "WARNING_CODE", "line": 3, "column": "營業人名稱", "record": 1, "message": "it is \"severity\":\"odd\"", "severity": "warning", "byte_offset": 100}"#
        ])
      #expect(outcome.jobRunID == 1)
      let told = harness.log.all.compactMap {
        if case .batchFindings(let batch, let errors, let warnings) = $0 {
          "\(batch): \(errors) \(warnings)"
        } else {
          nil
        }
      }
      #expect(told.sorted() == ["1: 125 125", "2: 0 1"])
    }
  }

  @Test("a record with a NUL byte is stored as base64; one that only contains the escape as text is not")
  func nulBytes() throws {
    try LoadHarness.with { harness in
      let lines = [
        line(1, "error", raw: #""raw":"a\u0000b""#), line(2, "error", raw: #""raw":"a\\u0000b""#),
        line(3, "error", raw: #""raw_base64":"/w==","truncated":true"#),
      ]
      try harness.load(businesses(5), .init(findings: [1: lines]))
      #expect(
        try harness.database.rows(
          """
          SELECT raw_data ->> 'record', raw_data ->> 'raw', raw_data ->> 'raw_base64', raw_data ->> 'truncated',
            raw_data ->> 'column'
          FROM data_import_error ORDER BY 1
          """) == ["1|-|YQBi|-|營業人名稱", #"2|a\u0000b|-|-|營業人名稱"#, "3|-|/w==|true|營業人名稱"])
    }
  }

  @Test("an invalid line in a findings file is damage")
  func noFinding() throws {
    try LoadHarness.with { harness in
      let snapshot = try harness.spool.snapshot(businesses(5), .init(findings: [1: ["{}"]]))
      #expect(try harness.failure(snapshot).category == .data)
    }
  }
}
