import MalformedInputs
import Records
import SeededRandom
import TestSupport

/// The records of a correction sheet are validated by the same rules as those of a source.
public struct SheetTarget: FuzzTarget {
  public static let name = "sheet"
  public static let share = 5

  public init() {}

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    var file = randomSource(&random)
    if random.onceIn(3) {
      for _ in 0..<random.below(4) {
        file.insert(contentsOf: random.pick(Self.pieces), at: random.below(file.count + 1))
      }
    }
    return file
  }

  public func difference(_ input: [UInt8]) throws -> String? { try Self.difference(input) }

  public static func difference(_ bytes: [UInt8]) throws -> String? {
    let sheet: CorrectionSheet
    do throws(HeaderProblem) { sheet = try CorrectionSheet.read(bytes) } catch {
      return try ValidatedSource(bytes, stampIsRecord: true) == nil ? nil : "refused: \(error)"
    }
    if let wrong = contradiction(in: sheet) { return wrong }
    // Sheets treat apostrophes, U+FFFD and the column fingerprint differently.
    if bytes.contains(UInt8(ascii: "'")) || holds(bytes, [0xEF, 0xBF, 0xBD]) || holds(bytes, Array("fingerprint".utf8))
    {
      return nil
    }
    guard let validated = try ValidatedSource(bytes, stampIsRecord: true) else { return "not refused" }
    if sheet.tally != validated.tally { return "\(sheet.tally) and not \(validated.tally)" }
    if sheet.records.flatMap(\.registration) != validated.output.registrations { return "registrations" }
    if sheet.records.flatMap(\.industries) != validated.output.industries { return "industries" }
    let observed = try validated.observed()
    if sheet.records.map(\.contentHash) != observed.registrations.map({ observed.hashes[$0.ban] }) { return "hashes" }
    if sheet.records.map(\.ban) != observed.registrations.map({ UInt32($0.ban) }) { return "BANs" }
    if sheet.findings.map({ "\($0.line) \($0.row) \($0.code) \($0.severity) \($0.column ?? "")" })
      != observed.findings.map({ "\($0.line) \($0.record + 1) \($0.code) \($0.severity) \($0.column ?? "")" })
    {
      return "findings \(sheet.findings) and not \(observed.findings)"
    }
    let warnings = sheet.records.flatMap(\.warnings)
    return warnings == observed.findings.filter { $0.severity == "warning" }.map(\.code) ? nil : "warnings \(warnings)"
  }

  /// Returns a violated invariant of every sheet, or nil.
  private static func contradiction(in sheet: CorrectionSheet) -> String? {
    let tally = sheet.tally
    guard tally.records == tally.accepted + tally.rejected + tally.duplicates + tally.blank,
      tally.accepted == sheet.records.count, tally.findings == sheet.findings.count,
      Set(sheet.records.map(\.ban)).count == sheet.records.count
    else { return "the sums do not agree: \(tally)" }
    return nil
  }

  private static func holds(_ bytes: [UInt8], _ piece: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0] == piece[0] && bytes[$0...].starts(with: piece) }
  }

  private static let pieces = [
    "'", "''", "\"'", "\n'", ",'", "\u{FFFD}", "'NA", "'\"", "fingerprint", ",fingerprint", "x0000000000000000",
  ].map { Array($0.utf8) }
}
