import FoundationEssentials

/// Samples the cases of slow tests: each run tests another part of them; with TESTS=all in the environment, all. Every
/// case names itself in a failure, so that no seed is needed to repeat it.
public enum Drawn {
  public static let areAll = ProcessInfo.processInfo.environment["TESTS"] == "all"

  private static let start: Int = {
    let start = Int.random(in: 0..<1 << 16)
    if !areAll { print("drawn from case \(start) on; TESTS=all tries every case") }
    return start
  }()

  /// Returns every `count`th case, from a random start.
  public static func oneIn<Case>(_ count: Int, of cases: some Sequence<Case>) -> [Case] {
    if areAll { return Array(cases) }
    return cases.enumerated().filter { ($0.offset + start).isMultiple(of: count) }.map(\.element)
  }

  /// Returns pairs of two lists: all of them, or each of `second` with one of `first` in turn.
  public static func pairs<A: Sendable, B: Sendable>(_ first: [A], _ second: [B]) -> [(A, B)] {
    if areAll { return first.flatMap { one in second.map { (one, $0) } } }
    return second.enumerated().map { (first[$0 % first.count], $1) }
  }
}
