import FoundationEssentials

/// The result that a correct reader gives for a generated snapshot. Every number is known from the generation.
public struct ExpectedResult: Codable, Sendable, Equatable {
  public struct Notes: Codable, Sendable, Equatable {
    /// Industry slots, not businesses, whose code is also in an earlier slot of the same record.
    public internal(set) var repeatedIndustryCodes = 0
    /// Industry slots that have a name and no code.
    public internal(set) var industryNamesWithoutCode = 0

    enum CodingKeys: String, CodingKey {
      case repeatedIndustryCodes = "repeated_industry_codes"
      case industryNamesWithoutCode = "industry_names_without_code"
    }
  }

  /// A dirty record and its place in the file.
  public struct Dirt: Codable, Sendable, Equatable {
    /// The raw value of a `DirtKind`.
    public let kind: String
    /// Description of the variant.
    public let what: String
    /// Counted from 1, after header and stamp row.
    public let record: Int
    /// The line on which it begins; the header's line is 1.
    public let line: Int
    /// The offset at which it begins, in bytes from 0, a byte order mark included.
    public let byteOffset: Int
    /// The codes of the findings it leads to, in no particular order.
    public let codes: [String]

    enum CodingKeys: String, CodingKey {
      case kind, what, record, line, codes
      case byteOffset = "byte_offset"
    }
  }

  /// All records: `processed + failed + duplicated + blank`.
  public var records: Int { processed + failed + duplicated + blank }
  /// Accepted records.
  public internal(set) var processed = 0
  /// Rejected records, without duplicates.
  public internal(set) var failed = 0
  public internal(set) var duplicated = 0
  public internal(set) var blank = 0
  /// Rejections and warnings by code; only codes that occur.
  public internal(set) var findings: [String: Int] = [:]
  public internal(set) var notes = Notes()
  /// ISO 8601, or nil without a stamp row.
  public internal(set) var sourceDate: String?
  /// Industries of the accepted records, counting each code of a business once.
  public internal(set) var industries = 0
  /// Size of the snapshot in bytes.
  public internal(set) var bytes = 0
  /// In the order of the file.
  public internal(set) var dirt: [Dirt] = []
  /// The changes of each day since day 0; the last ones lead to this snapshot.
  public internal(set) var days: [DayChanges] = []

  enum CodingKeys: String, CodingKey {
    case processed, failed, duplicated, blank, findings, notes, industries, bytes, dirt, days, records
    case sourceDate = "source_date"
  }

  init() {}

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    processed = try values.decode(Int.self, forKey: .processed)
    failed = try values.decode(Int.self, forKey: .failed)
    duplicated = try values.decode(Int.self, forKey: .duplicated)
    blank = try values.decode(Int.self, forKey: .blank)
    findings = try values.decode([String: Int].self, forKey: .findings)
    notes = try values.decode(Notes.self, forKey: .notes)
    sourceDate = try values.decode(String?.self, forKey: .sourceDate)
    industries = try values.decode(Int.self, forKey: .industries)
    bytes = try values.decode(Int.self, forKey: .bytes)
    dirt = try values.decode([Dirt].self, forKey: .dirt)
    days = try values.decode([DayChanges].self, forKey: .days)
  }

  /// Written by hand, because the total is computed and a missing date is encoded as null.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(records, forKey: .records)
    try values.encode(processed, forKey: .processed)
    try values.encode(failed, forKey: .failed)
    try values.encode(duplicated, forKey: .duplicated)
    try values.encode(blank, forKey: .blank)
    try values.encode(findings, forKey: .findings)
    try values.encode(notes, forKey: .notes)
    try values.encode(sourceDate, forKey: .sourceDate)
    try values.encode(industries, forKey: .industries)
    try values.encode(bytes, forKey: .bytes)
    try values.encode(dirt, forKey: .dirt)
    try values.encode(days, forKey: .days)
  }

  /// Returns the result as JSON with sorted keys and a final line end.
  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }
}

extension ExpectedResult {
  mutating func count(accepted industries: IndustryCodes) {
    processed += 1
    self.industries += industries.rows
    notes.repeatedIndustryCodes += industries.repeated
  }

  /// Counts a dirty record, and returns the codes that it leads to.
  mutating func count(_ kind: DirtKind, _ record: DirtRecord) -> [String] {
    var codes: [String] = []
    switch kind {
    case .blank:
      blank += 1
    case .duplicate:
      duplicated += 1
      codes = [kind.rawValue]
    case _ where kind.isAccepted:
      processed += 1
      industries += record.industries
      notes.repeatedIndustryCodes += record.repeatedCodes
      notes.industryNamesWithoutCode += record.namesWithoutCode
      codes = record.warnings.map(\.rawValue)
    default:
      failed += 1
      codes = [kind.rawValue]
    }
    for code in codes { findings[code, default: 0] += 1 }
    return codes
  }
}
