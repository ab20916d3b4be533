import FoundationEssentials

/// How many of the faults are tried: with FAULTS=all in the environment each one everywhere, else enough of them that
/// each is tried somewhere and the tests take a minute and not five.
enum Faults {
  static let areAll = ProcessInfo.processInfo.environment["FAULTS"] == "all"

  /// Two things that are tried together: all pairs, or each of the second with the first in turn.
  static func pairs<A: Sendable, B: Sendable>(_ first: [A], _ second: [B]) -> [(A, B)] {
    if areAll { return first.flatMap { one in second.map { (one, $0) } } }
    return second.enumerated().map { (first[$0 % first.count], $1) }
  }
}
