/// Unified business numbers (BAN, 統一編號) by index: eight digits with a valid check digit, all different.
///
/// The first seven digits determine the check sum except for the last digit, whose weight is 1. So two last digits,
/// five apart, satisfy the rule (divisible by 5), and one of them also satisfies the older rule (divisible by 10).
package struct BANSpace: Sendable {
  /// Number of businesses that can have a BAN.
  package static let businesses = 9_700_000
  /// First index of the dirty records, so that no business of any day has the same BAN.
  static let dirtStart = businesses

  let seed: UInt64
  private let shift: Int

  package init(seed: UInt64) {
    self.seed = seed
    var random = RandomSource(seed: seed, .ban)
    shift = random.below(BANSpace.businesses)
  }

  /// Appends the BAN at `index`, in `0 ..< 2 * businesses`. About 8 in 100 satisfy only the newer rule, 7 in 100 begin
  /// with 0.
  package func appendBAN(_ index: Int, to bytes: inout [UInt8]) {
    let prefix = sevenDigits(at: index % BANSpace.businesses)
    // Seeded by prefix, not by index, so that both halves of the space agree which last digit the first half uses.
    var random = RandomSource(seed: seed, .ban, index: prefix + 1)
    let byFiveOnly = random.below(100) < 8
    let tensCountAsZero = random.below(2) == 0
    let isSecondHalf = index >= BANSpace.businesses
    let sum = BANSpace.sum(ofPrefix: prefix, tensCountAsZero: tensCountAsZero)
    let byTen = (10 - sum % 10) % 10
    bytes.append(number: prefix, width: 7)
    bytes.append(UInt8(48 + (byFiveOnly != isSecondHalf ? (byTen + 5) % 10 : byTen)))
  }

  /// A bijection of `0 ..< businesses` onto the seven-digit prefixes that do not begin with 06, 08 or 09. Of these, 7
  /// in 97 begin with 0.
  private func sevenDigits(at index: Int) -> Int {
    // 6,180,339 shares no factor with 9,700,000 = 2^5 · 5^5 · 97.
    let scattered = (index * 6_180_339 + shift) % BANSpace.businesses
    let (lead, rest) = scattered.quotientAndRemainder(dividingBy: 100_000)
    let leads = lead < 6 ? lead : lead == 6 ? 7 : lead + 3
    return leads * 100_000 + rest
  }

  /// The sum of the digits of each product of digit and weight, for the first seven digits (weights 1, 2, 1, 2, 1, 2,
  /// 4). A 7 in the seventh place gives 28, then 10, which counts as 1 or as 0.
  private static func sum(ofPrefix prefix: Int, tensCountAsZero: Bool) -> Int {
    let seventh = prefix % 10
    var sum = seventh == 7 ? (tensCountAsZero ? 0 : 1) : seventh * 4 / 10 + seventh * 4 % 10
    var rest = prefix / 10
    var doubles = true
    while rest > 0 {
      let product = rest % 10 * (doubles ? 2 : 1)
      sum += product / 10 + product % 10
      rest /= 10
      doubles.toggle()
    }
    return sum
  }

  /// Whether eight ASCII digits pass the check (divisible by 5).
  package static func isValid(_ ban: [UInt8]) -> Bool {
    let number = ban.reduce(0) { $0 * 10 + Int($1) - 48 }
    return [true, false].contains { (sum(ofPrefix: number / 10, tensCountAsZero: $0) + number % 10) % 5 == 0 }
  }
}
