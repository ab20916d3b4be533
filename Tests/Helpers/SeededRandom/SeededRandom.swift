/// Random numbers that a seed reproduces (SplitMix64), for repeating a failure.
///
/// Bounded numbers have their own implementation: `Int.random(in:using:)` may change with the standard library, and a
/// seed in a bug report must always give the same file.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  public let seed: UInt64
  private var state: UInt64

  public init(seed: UInt64 = .random(in: 0 ... .max)) {
    self.seed = seed
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Returns 0 to `bound` - 1. The bias of the modulo is negligible here.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  public mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

  /// Returns true with a probability of 1 in `times`.
  public mutating func onceIn(_ times: Int) -> Bool { below(times) == 0 }

  /// Returns true with a probability of `percent`.
  public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  public mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}
