import FoundationEssentials
import Postgres
import Records

/// A finding of a record, as stored in the database.
public struct StoredFinding: Sendable, Equatable {
  /// The chunk of the snapshot, counted from 1.
  public let batch: Int
  /// `error`: the record was rejected; `warning`: it was loaded.
  public let severity: String
  public let code: String
  public let message: String
  /// The number of the record in the snapshot, from 1; 0 for the row in the place of the stamp row, and in a correction
  /// sheet.
  public let record: Int
  /// The line of its first byte in the source, counted from 1.
  public let line: Int
  /// The offset of its first byte in the source; 0 in a correction sheet.
  public let byteOffset: Int
  /// The source's name of the column concerned; nil for the whole record.
  public let column: String?
  /// The record's bytes without the line end, at most 64 KiB; empty in a correction sheet.
  public let raw: [UInt8]
  /// Whether the record is longer than ``raw``.
  public let isTruncated: Bool

  /// The greatest length of the column in characters, if the value is longer.
  public var lengthMax: Int? {
    guard code == FindingCode.valueTooLong.code else { return nil }
    return Column.allCases.first { $0.name == column }?.scalarsMax
  }
}

/// The cursor of a page of findings: the finding after which the page begins.
public struct FindingCursor: Sendable, Equatable {
  public let batch: Int
  public let record: Int
  public let code: String
  public let column: String

  public init(batch: Int, record: Int, code: String, column: String) {
    self.batch = batch
    self.record = record
    self.code = code
    self.column = column
  }

  /// Creates the cursor after a finding.
  init(behind finding: StoredFinding) {
    self.init(batch: finding.batch, record: finding.record, code: finding.code, column: finding.column ?? "")
  }

  /// The cursor as text for a URL: `BATCH.RECORD.CODE.COLUMN`.
  public var text: String { "\(batch).\(record).\(code).\(column)" }

  /// Parses ``text``; nil if it is not a cursor.
  public init?(text: String) {
    let parts = text.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
    // In the database a batch is an integer and a record a bigint.
    guard parts.count == 4, let batch = Int32(parts[0]), let record = Int(parts[1]), !text.utf8.contains(0) else {
      return nil
    }
    self.init(batch: Int(batch), record: record, code: String(parts[2]), column: String(parts[3]))
  }
}

extension StoredFinding {
  /// - Parameter row: a row as ``Findings`` selects it.
  init(_ row: Row) throws {
    batch = try row.int("batch_number")
    severity = try row.text("severity")
    code = try row.text("error_type")
    message = try row.text("error_message")
    record = try row.int("record")
    line = try row.int("line")
    byteOffset = try row.int("byte_offset")
    column = try row.optionalText("source_column")
    if let text = try row.optionalText("raw") {
      raw = Array(text.utf8)
    } else {
      raw = try row.optionalValue("raw_base64", "base64") { Data(base64Encoded: $0).map(Array.init) } ?? []
    }
    isTruncated = try row.bool("is_truncated")
  }
}
