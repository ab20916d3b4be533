import SeededRandom
import Testing

@Suite("Random days", .needsServer)
struct RandomDaysTests {
  private static let first = UInt64.random(in: 0...UInt64.max / 2)

  @Test(
    "tables, feed, counts, as-of and history match a simple model for random sequences of days",
    arguments: (0..<(Drawn.areAll ? 24 : 6)).map { first + $0 })
  func modelled(_ seed: UInt64) throws {
    try LoadHarness.with { harness in
      var trial = try RandomTrial(seed: seed, harness)
      try trial.run(steps: 8)
    }
  }
}
