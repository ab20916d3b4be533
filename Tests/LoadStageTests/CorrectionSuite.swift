import LoadStage
import Records
import Spool
import Support
import TestCluster

/// Test data of the correction suites: days with a rejected record and a record with warnings.
protocol CorrectionSuite {}

extension CorrectionSuite {
  static var rejected: String { "20000000" }
  static var warned: String { "10000003" }

  /// Writes a day with rejected records whose BANs are legible, and records with warnings.
  func day(
    _ harness: LoadHarness, _ rows: [Business], rejects: [String] = [Self.rejected], warns: [String] = [Self.warned],
    date: String? = "2026-09-01", sample: Bool = false
  ) throws -> SnapshotFolder {
    let errors = rejects.map { TestSpool.finding("MISSING_NAME", "error", raw: Business($0, "").csv) }
    let warnings = warns.flatMap { ban in
      let raw = Business(ban, "x").csv
      return [
        TestSpool.finding("BAN_CHECKSUM", "warning", raw: raw),
        TestSpool.finding("INVALID_CAPITAL", "warning", raw: raw),
      ]
    }
    return try harness.spool.snapshot(
      rows,
      .init(sourceDate: date, sample: sample, findings: [1: errors + warnings], failed: max(rejects.count, 1)))
  }

  /// Returns the source's rows; the record with warnings has no capital.
  func source(_ count: Int = 12) -> [Business] {
    businesses(count).map { row in
      var row = row
      if row.ban == Self.warned { row.capital = nil }
      return row
    }
  }

  var corrected: Business {
    var row = source()[3]
    row.capital = 5000
    return row
  }

  func put(_ rows: Business..., on source: [Business]) -> [Business] {
    source.filter { row in !rows.contains { $0.ban == row.ban } } + rows
  }

  func with(_ body: (LoadHarness) throws -> Void) throws {
    try LoadHarness.with { harness in
      var harness = harness
      harness.maxRejects = .percent(100)
      try body(harness)
    }
  }
}
