import FoundationEssentials

/// What the rules found of one record, as the database keeps it.
public struct StoredFinding: Sendable, Equatable {
  /// Chunk of the snapshot, from 1.
  public let batch: Int
  /// `error`: the record was rejected; `warning`: it was loaded all the same.
  public let severity: String
  public let code: String
  public let message: String
  /// Number of the record in the snapshot, from 1.
  public let record: Int
  /// Line of its first byte in the source, from 1.
  public let line: Int
  /// Offset of its first byte in the source.
  public let byteOffset: Int
  /// The column concerned, by its name in the source; nil where it is the whole record.
  public let column: String?
  /// The record's bytes, the line end not counted; 64 KiB of them at most.
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
  init(_ row: RunRow) {
    batch = row.count(0)
    severity = row.text(1) ?? ""
    code = row.text(2) ?? ""
    message = row.text(3) ?? ""
    record = row.count(4)
    line = row.count(5)
    byteOffset = row.count(6)
    column = row.text(7)
    if let text = row.text(8) {
      raw = Array(text.utf8)
    } else {
      raw = row.text(9).flatMap { Data(base64Encoded: $0) }.map(Array.init) ?? []
    }
    isTruncated = row.truth(10)
  }
}
