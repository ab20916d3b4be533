import MalformedInputs
import Records
import SeededRandom
import TestSupport

/// Records that are exported to a correction sheet and read back unchanged have the same findings as before.
public struct SheetRoundTripTarget: FuzzTarget {
  public static let name = "roundtrip"
  public static let share = 2

  public init() {}

  public func make(_ random: inout SeededRandom) -> [UInt8] { randomSource(&random) }

  public func difference(_ input: [UInt8]) throws -> String? { try Self.difference(input) }

  public static func difference(_ bytes: [UInt8]) throws -> String? {
    guard let validated = try ValidatedSource(bytes) else { return nil }
    // A duplicate depends on records that are not in the sheet, and invalid bytes in an unpublished column on values
    // that are not.
    let kept = try validated.observed().findings.filter {
      $0.record > 0 && $0.code != "DUPLICATE" && ($0.code != "INVALID_ENCODING" || $0.column != nil)
    }
    let records = Dictionary(grouping: kept, by: \.record)
    let numbers = records.keys.sorted()
    var scanner = RecordScanner()
    var file = SheetRow.head
    for number in numbers {
      let findings = records[number] ?? []
      var row = SheetRow(
        line: findings[0].line, record: number, raw: findings[0].raw, isTruncated: findings[0].truncated)
      row.codes = findings.map(\.code)
      row.columns = findings.map { $0.column ?? "" }
      row.messages = findings.map(\.code)
      file += row.csv(header: validated.header, scanner: &scanner)
    }
    let exported = try CorrectionSheet.read(file)
    guard exported.untouched == numbers.count, exported.tally.records == 0 else { return "not recognized as untouched" }
    let sheet = try CorrectionSheet.read(touched(file))
    guard sheet.tally.records == numbers.count else { return "\(sheet.tally.records) rows and not \(numbers.count)" }
    let before = Dictionary(
      uniqueKeysWithValues: validated.output.registrations.split(separator: 10).map {
        (UInt32(String(decoding: $0.prefix(8), as: UTF8.self)) ?? 0, Array($0) + [10])
      })
    // Only records with warnings are accepted, as the same rows as before.
    for record in sheet.records where before[record.ban] != record.registration || record.warnings.isEmpty {
      return "accepted differently: \(record)"
    }
    let after = Dictionary(grouping: sheet.findings, by: \.row)
    for (index, number) in numbers.enumerated() {
      let (old, new) = (records[number] ?? [], after[index + 2] ?? [])
      let isAlike: Bool
      switch old[0].code {
      case "MALFORMED_QUOTE", "RECORD_TOO_LONG", "FIELD_COUNT":
        // The export leaves the cells empty.
        isAlike = new.map(\.code) == ["INVALID_BAN"]
      case "INVALID_ENCODING":
        // The export leaves the cells empty if the number of fields differs from the header's.
        isAlike = ["INVALID_ENCODING", "INVALID_BAN"].contains(new.first?.code)
      default:
        // The export omits values that are too long for a sheet.
        isAlike =
          old[0].raw.count > 12_000
          || new.map { "\($0.code) \($0.column ?? "")" } == old.map { "\($0.code) \($0.column ?? "")" }
      }
      if !isAlike { return "record \(number): \(new.map(\.code)) and not \(old.map(\.code))" }
    }
    return nil
  }
}
