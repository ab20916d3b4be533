import FuzzTargets
import Testing

/// Runs some of the cases that `swift run -c release fuzz` runs by the million.
@Suite struct SliceTests {
  @Test(arguments: fuzzTargets.map { $0.name })
  func everyTargetPasses(_ name: String) throws {
    guard let target = fuzzTarget(named: name) else {
      Issue.record("no target \(name)")
      return
    }
    let seed = UInt64.random(in: 0..<1 << 32)
    let found = try firstMismatch(target, cases: 150 * target.share + 150, seed: seed)
    #expect(found == nil, "first seed \(seed): fuzz --target \(name) --cases 1 --seed \(found?.seed ?? seed)")
  }

  /// Cases that failed or crashed in the past.
  @Test(arguments: [
    // A chunk's manifest with a size below zero; a sum beyond Int.
    ("snapshot", 101_036),
    // A damaged chunk was kept because its size was right and an earlier chunk was fetched again.
    ("resume", 128), ("resume", 200_038),
    // JSON nested too deep for Foundation, with nothing after it.
    ("manifest", 20_490_187),
    // A sheet's row was too long to be read back, because quotes in a cell are doubled.
    ("roundtrip", 20_413_186),
  ])
  func pastFailuresPass(_ name: String, _ seed: UInt64) throws {
    guard let target = fuzzTarget(named: name) else {
      Issue.record("no target \(name)")
      return
    }
    let found = try firstMismatch(target, cases: 1, seed: seed)
    #expect(found == nil)
  }
}
