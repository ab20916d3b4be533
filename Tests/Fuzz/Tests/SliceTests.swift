import FuzzTargets
import Testing

/// A slice of what `swift run -c release fuzz` runs by the million.
@Suite struct SliceTests {
  @Test(arguments: fuzzTargets.map { $0.name })
  func nothingIsWrong(_ name: String) throws {
    guard let target = fuzzTarget(named: name) else {
      Issue.record("no target \(name)")
      return
    }
    let seed = UInt64.random(in: 0..<1 << 32)
    let found = try firstMismatch(target, cases: 150 * target.share + 150, seed: seed)
    #expect(found == nil, "first seed \(seed): fuzz --target \(name) --cases 1 --seed \(found?.seed ?? seed)")
  }

  /// Cases that once went wrong, or ended the process.
  @Test(arguments: [
    // A chunk's manifest with a size below zero; a sum beyond Int.
    ("snapshot", 101_036),
    // A damaged chunk that was kept, because its size was right and a chunk before it was fetched again.
    ("resume", 128), ("resume", 200_038),
    // JSON nested too deep for Foundation, with nothing behind it.
    ("manifest", 20_490_187),
    // A sheet's row that was too long to be read back: quotes in a cell are doubled.
    ("roundtrip", 20_413_186),
  ])
  func whatWentWrongDoesSoNoMore(_ name: String, _ seed: UInt64) throws {
    guard let target = fuzzTarget(named: name) else {
      Issue.record("no target \(name)")
      return
    }
    let found = try firstMismatch(target, cases: 1, seed: seed)
    #expect(found == nil)
  }
}
