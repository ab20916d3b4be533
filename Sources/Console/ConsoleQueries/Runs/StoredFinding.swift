import FoundationEssentials
import Postgres

/// What the rules found of one record, as the database keeps it.
public struct StoredFinding: Sendable, Equatable {
  /// Chunk of the snapshot, from 1.
  public let batch: Int
  /// `error`: the record was rejected; `warning`: it was loaded all the same.
  public let severity: String
  public let code: String
  public let message: String
  /// Number of the record in the snapshot, from 1; 0 where it is the row in the stamp row's place, or in a sheet of
  /// corrections.
  public let record: Int
  /// Line of its first byte in the source, from 1.
  public let line: Int
  /// Offset of its first byte in the source; 0 in a sheet of corrections.
  public let byteOffset: Int
  /// The column concerned, by its name in the source; nil where it is the whole record.
  public let column: String?
  /// The record's bytes, the line end not counted; 64 KiB of them at most. Of a sheet of corrections there are none.
  public let raw: [UInt8]
  /// Whether the record is longer.
  public let isTruncated: Bool
}

/// Where a page of findings goes on: the finding that it goes on behind.
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

  init(behind finding: StoredFinding) {
    self.init(batch: finding.batch, record: finding.record, code: finding.code, column: finding.column ?? "")
  }

  /// For an address: `BATCH.RECORD.CODE.COLUMN`.
  public var text: String { "\(batch).\(record).\(code).\(column)" }

  public init?(text: String) {
    let parts = text.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
    // A batch is an integer to the database, a record a bigint.
    guard parts.count == 4, let batch = Int32(parts[0]), let record = Int(parts[1]), !text.utf8.contains(0) else {
      return nil
    }
    self.init(batch: Int(batch), record: record, code: String(parts[2]), column: String(parts[3]))
  }
}

extension StoredFinding {
  /// The row as ``Findings`` selects it.
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
