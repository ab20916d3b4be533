/// Counts of a chunk's records.
public struct Tally: Sendable, Equatable {
  /// All records: `accepted + rejected + duplicates + blank`.
  public var records = 0
  public var accepted = 0
  /// Rejected records, without duplicates.
  public var rejected = 0
  public var duplicates = 0
  public var blank = 0
  /// Rows for business_industry.
  public var industries = 0
  /// Industry codes that were repeated in a record.
  public var repeatedIndustryCodes = 0
  /// Industry names whose slot has no code.
  public var industryNamesWithoutCode = 0
  /// Accepted records by city or county, with 臺 for 台. Records whose address begins with neither are left out.
  public internal(set) var cities: [String: Int] = [:]
  /// Lines of the error manifest, by the code's raw value.
  private var counts = [Int](repeating: 0, count: FindingCode.allCases.count)

  public init() {}

  public static func += (a: inout Tally, b: Tally) {
    a.records += b.records
    a.accepted += b.accepted
    a.rejected += b.rejected
    a.duplicates += b.duplicates
    a.blank += b.blank
    a.industries += b.industries
    a.repeatedIndustryCodes += b.repeatedIndustryCodes
    a.industryNamesWithoutCode += b.industryNamesWithoutCode
    a.cities.merge(b.cities, uniquingKeysWith: +)
    for index in a.counts.indices { a.counts[index] += b.counts[index] }
  }

  mutating func count(_ code: FindingCode) { counts[code.rawValue] += 1 }

  public subscript(code: FindingCode) -> Int { counts[code.rawValue] }

  /// All lines of the error manifest.
  public var findings: Int { counts.reduce(0, +) }

  /// Counts by code, without zeros.
  public var findingCounts: [String: Int] {
    var result: [String: Int] = [:]
    for code in FindingCode.allCases where self[code] > 0 { result[code.code] = self[code] }
    return result
  }
}
