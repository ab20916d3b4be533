import MalformedInputs
import SeededRandom

/// One way in for hostile bytes, and what has to be so of whatever comes of them.
public protocol FuzzTarget: SendableMetatype {
  /// By this it is asked for.
  static var name: String { get }
  /// Of a hundred cases, about so many are its own.
  static var share: Int { get }

  /// Each worker has one of its own.
  init() throws

  /// Bytes that lie near what the target reads.
  func make(_ random: inout SeededRandom) -> [UInt8]
  /// - Returns: what is wrong; nil where all is as it has to be.
  mutating func difference(_ input: [UInt8]) throws -> String?
}

extension FuzzTarget {
  /// The input of a case: the same on any machine.
  public func input(seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    return make(&random)
  }

  /// What is wrong with an input; an error that nothing should throw is wrong too.
  public mutating func problem(_ input: [UInt8]) -> String? {
    do { return try difference(input) } catch { return "unexpected error: \(error)" }
  }
}

public let fuzzTargets: [any FuzzTarget.Type] = [
  SourceTarget.self, SplitTarget.self, CopyTarget.self, FindingTarget.self, SheetTarget.self, SheetRoundTripTarget.self,
  ManifestTarget.self, SnapshotTarget.self, ResumeTarget.self,
  ChunkFileTarget.self,
]

public func fuzzTarget(named name: String) -> (any FuzzTarget.Type)? { fuzzTargets.first { $0.name == name } }

/// The first bytes of an input, which say how the rest is used: so that whoever looks for inputs finds these choices
/// too.
struct Choices {
  private(set) var rest: ArraySlice<UInt8>

  init(_ input: [UInt8]) { rest = input[...] }

  /// 0 to `bound` - 1; 0 at the end.
  mutating func below(_ bound: Int) -> Int { rest.popFirst().map { Int($0) % bound } ?? 0 }
}
