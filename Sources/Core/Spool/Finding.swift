import FoundationEssentials

/// A line of `000001.findings.jsonl`: a rejection or a warning.
public struct Finding: Codable, Sendable, Hashable {
  /// Number of the record in the snapshot, from 1; 0 for an unreadable stamp row.
  public var record: Int
  /// Line of its first byte in the source, from 1.
  public var line: Int
  /// Offset of its first byte in the source.
  public var byteOffset: Int
  public var code: String
  /// `error` or `warning`.
  public var severity: String
  /// The published header name; nil if the finding concerns the whole record.
  public var column: String?
  public var message: String
  /// The record's bytes; if they are not UTF-8, as base64 in ``rawBase64``.
  public var raw: String?
  public var rawBase64: String?
  /// True if only the first 64 KiB of the record are kept.
  public var truncated: Bool?

  /// - Parameter line: with or without its line feed.
  /// - Throws: a `DecodingError` if the line is not a finding.
  public init(line: some Collection<UInt8>) throws {
    guard SpoolJSON(line).isBounded else {
      throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "it is nested too deep"))
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Finding.self, from: Data(line))
  }

  /// Encodes the finding as one line of JSON, without a line feed.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// The record's bytes; nil if the line has none.
  public var rawBytes: [UInt8]? {
    raw.map { Array($0.utf8) } ?? rawBase64.flatMap { Data(base64Encoded: $0) }.map(Array.init)
  }

  /// Writes `column` even if it is null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(record, forKey: .record)
    try container.encode(line, forKey: .line)
    try container.encode(byteOffset, forKey: .byteOffset)
    try container.encode(code, forKey: .code)
    try container.encode(severity, forKey: .severity)
    try container.encode(column, forKey: .column)
    try container.encode(message, forKey: .message)
    try container.encodeIfPresent(raw, forKey: .raw)
    try container.encodeIfPresent(rawBase64, forKey: .rawBase64)
    try container.encodeIfPresent(truncated, forKey: .truncated)
  }
}
