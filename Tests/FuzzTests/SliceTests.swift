import FuzzTargets
import Testing

/// A slice of what `swift run -c release fuzz` runs by the million.
@Suite struct SliceTests {
  @Test(arguments: fuzzTargets.map { $0.name })
  func nothingIsWrong(_ name: String) throws {
    func check<Target: FuzzTarget>(_ type: Target.Type) throws {
      let seed = UInt64.random(in: 0..<1 << 32)
      let found = try firstMismatch(type, cases: 150 * Target.share + 150, seed: seed)
      #expect(found == nil, "first seed \(seed): fuzz --target \(name) --cases 1 --seed \(found?.seed ?? seed)")
    }
    try check(try #require(fuzzTarget(named: name)))
  }
}
