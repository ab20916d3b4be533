import FoundationEssentials

/// How much is tried. Cases that run for long are drawn: each run takes others of them, and with TESTS=all in the
/// environment all of them. Every case names itself where it fails, so that no seed is needed to try it again.
public enum Drawn {
  public static let areAll = ProcessInfo.processInfo.environment["TESTS"] == "all"

  private static let start: Int = {
    let start = Int.random(in: 0..<1 << 16)
    if !areAll { print("drawn from case \(start) on; TESTS=all tries every case") }
    return start
  }()

  /// One in so many, evenly spread.
  public static func oneIn<Case>(_ count: Int, of cases: some Sequence<Case>) -> [Case] {
    if areAll { return Array(cases) }
    return cases.enumerated().filter { ($0.offset + start).isMultiple(of: count) }.map(\.element)
  }

  /// Two things that are tried together: all pairs, or each of the second with the first in turn.
  public static func pairs<A: Sendable, B: Sendable>(_ first: [A], _ second: [B]) -> [(A, B)] {
    if areAll { return first.flatMap { one in second.map { (one, $0) } } }
    return second.enumerated().map { (first[$0 % first.count], $1) }
  }
}
