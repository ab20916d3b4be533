import SeededRandom
import TestSupport

/// Reference model of corrections: random days of a small registry with bad records, and the registry that is expected
/// after corrections.
struct CorrectedDays {
  /// A record in the source of a day.
  enum Record {
    /// `isFaulty`: the record has a finding that a correction repairs.
    case accepted(Business, isFaulty: Bool)
    /// `isLegible`: the BAN of the rejected record can be read.
    case rejected(isLegible: Bool)
  }

  struct Correction {
    var row: Business
    /// The source's row when the correction was applied; nil if the rules accepted none.
    var source: Business?
    var repairsFault: Bool
  }

  private(set) var source: [String: Record] = [:]
  private(set) var corrections: [String: Correction] = [:]
  private var generator: SeededRandom

  init(seed: UInt64) {
    generator = SeededRandom(seed: seed)
    for index in 0..<24 {
      source["\(20_000_000 + index)"] = .accepted(row("\(20_000_000 + index)"), isFaulty: chance(3))
    }
  }

  /// The accepted rows of the day.
  var accepted: [Business] {
    source.sorted { $0.key < $1.key }.compactMap { if case .accepted(let row, _) = $1 { row } else { nil } }
  }

  /// Returns the BANs of accepted records with a fault, or else of rejected records whose BAN is legible.
  func bans(faulty: Bool) -> [String] {
    source.sorted { $0.key < $1.key }.compactMap { ban, record in
      switch record {
      case .accepted(_, let isFaulty): faulty && isFaulty ? ban : nil
      case .rejected(let isLegible): !faulty && isLegible ? ban : nil
      }
    }
  }

  /// The expected content of the registry.
  var registry: [Business] {
    corrections.values.map(\.row) + accepted.filter { corrections[$0.ban] == nil }
  }

  mutating func nextDay() {
    for ban in source.keys.sorted() {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0: source[ban] = .rejected(isLegible: chance(2))
      case 1: source[ban] = chance(2) ? nil : source[ban]
      case 2, 3: source[ban] = .accepted(row(ban), isFaulty: chance(2))
      case 4:
        // The source now has the row of the correction.
        if let correction = corrections[ban] { source[ban] = .accepted(correction.row, isFaulty: chance(2)) }
      default: break
      }
    }
    for index in 0..<24 where source["\(20_000_000 + index)"] == nil && chance(4) {
      source["\(20_000_000 + index)"] = .accepted(row("\(20_000_000 + index)"), isFaulty: chance(3))
    }
    corrections = corrections.filter { ban, correction in
      switch source[ban] {
      case .accepted(let row, let isFaulty):
        guard let theirs = correction.source, row != correction.row else { return false }
        return row == theirs || correction.repairsFault && isFaulty
      case .rejected(let isLegible): return correction.source == nil || isLegible
      case nil: return correction.source == nil
      }
    }
  }

  /// Corrects some random records.
  ///
  /// - Returns: the corrected rows.
  mutating func correct() -> [Business] {
    let bans = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
      "\(20_000_000 + Int.random(in: 0..<26, using: &generator))"
    }
    return Set(bans).sorted().map { ban in
      let row = row(ban)
      if case .accepted(let theirs, let isFaulty) = source[ban] {
        corrections[ban] = Correction(row: row, source: theirs, repairsFault: isFaulty)
      } else {
        corrections[ban] = Correction(row: row, source: nil, repairsFault: false)
      }
      return row
    }
  }

  /// Withdraws some random corrections and returns their BANs.
  mutating func withdraw() -> [String] {
    let bans = corrections.keys.sorted().filter { _ in chance(2) }
    for ban in bans { corrections[ban] = nil }
    return bans
  }

  mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &generator) == 0 }

  private mutating func row(_ ban: String) -> Business {
    var row = Business(ban, "商號\(Int.random(in: 0..<1_000_000_000, using: &generator))")
    row.capital = chance(3) ? nil : Int.random(in: 0..<1000, using: &generator)
    row.address = chance(4) ? nil : row.address
    row.invoice = chance(4) ? nil : chance(2)
    row.industries = ["471913", "472913", "561113", "620100"].filter { _ in chance(2) }
    return row
  }
}
