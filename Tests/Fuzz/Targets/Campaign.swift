import MalformedInputs

/// Runs cases of one target one after another.
public struct Campaign<Target: FuzzTarget> {
  private var target: Target

  public init() throws { target = try Target() }

  public struct Mismatch: Sendable {
    public var target: String
    public var seed: UInt64
    /// The problem that the minimised input causes.
    public var what: String
    public var input: [UInt8]
  }

  /// - Parameter began: gets the seed of each case before it runs; returns false to end the campaign.
  /// - Returns: the first failing case, minimised; nil if there is none.
  public mutating func run(
    _ cases: Int, seed: UInt64, stride: UInt64 = 1, began: (UInt64) -> Bool = { _ in true }
  ) -> Mismatch? {
    for index in 0..<cases {
      let caseSeed = seed &+ UInt64(index) &* stride
      guard began(caseSeed) else { return nil }
      let input = target.input(seed: caseSeed)
      guard let what = target.problem(input) else { continue }
      return Mismatch(target: Target.name, seed: caseSeed, what: what, input: input).minimised(&target)
    }
    return nil
  }
}

extension Campaign.Mismatch {
  fileprivate func minimised(_ target: inout Target) -> Self {
    var result = self
    result.input = shortest(input) { target.problem($0) != nil }
    result.what = target.problem(result.input) ?? what
    return result
  }
}

/// Runs `cases` cases from `seed` on and returns the first failing one, minimised; nil if there is none.
public func firstMismatch<Target: FuzzTarget>(
  _ type: Target.Type, cases: Int, seed: UInt64
) throws -> (seed: UInt64, what: String, input: [UInt8])? {
  var campaign = try Campaign<Target>()
  return campaign.run(cases, seed: seed).map { ($0.seed, $0.what, $0.input) }
}
