import MalformedInputs
import SeededRandom

/// A reader of hostile bytes with the invariant that its results must satisfy.
public protocol FuzzTarget: SendableMetatype {
  /// The name for `--target`.
  static var name: String { get }
  /// How many of 100 cases this target gets, approximately.
  static var share: Int { get }

  /// Each worker creates its own instance.
  init() throws

  /// Returns bytes that resemble the target's valid input.
  func make(_ random: inout SeededRandom) -> [UInt8]
  /// - Returns: what is wrong; nil if the invariant holds.
  mutating func difference(_ input: [UInt8]) throws -> String?
}

extension FuzzTarget {
  /// Returns the input of a case, which is the same on any machine.
  public func input(seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    return make(&random)
  }

  /// Returns what is wrong with an input; nil if nothing. An unexpected error is wrong too.
  public mutating func problem(_ input: [UInt8]) -> String? {
    do { return try difference(input) } catch { return "unexpected error: \(error)" }
  }
}

public let fuzzTargets: [any FuzzTarget.Type] = [
  SourceTarget.self, SplitTarget.self, CopyTarget.self, FindingTarget.self, SheetTarget.self, SheetRoundTripTarget.self,
  ManifestTarget.self, SnapshotTarget.self, ResumeTarget.self,
  ChunkFileTarget.self, ArchiveTarget.self,
]

public func fuzzTarget(named name: String) -> (any FuzzTarget.Type)? { fuzzTargets.first { $0.name == name } }

/// Reads choices from the first bytes of an input, so that libFuzzer can vary them too.
struct Choices {
  private(set) var rest: ArraySlice<UInt8>

  init(_ input: [UInt8]) { rest = input[...] }

  /// Returns 0 to `bound` - 1; 0 if the input has ended.
  mutating func below(_ bound: Int) -> Int { rest.popFirst().map { Int($0) % bound } ?? 0 }
}
