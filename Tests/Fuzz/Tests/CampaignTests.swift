import FuzzTargets
import MalformedInputs
import SeededRandom
import Testing

/// Tests of the fuzzer itself.
@Suite struct CampaignTests {
  /// A campaign finds a fault, reports the seed of its case and minimises the input.
  @Test func aFaultIsFoundAndMinimised() throws {
    let found = try #require(try firstMismatch(FaultyTarget.self, cases: 10_000, seed: 7))
    #expect(found.what == "x before y")
    #expect(found.input == Array("xy".utf8))
    // The seed alone reproduces the case.
    let again = try firstMismatch(FaultyTarget.self, cases: 1, seed: found.seed)
    #expect(again?.input == found.input)
  }

  private struct FaultyTarget: FuzzTarget {
    static let name = "faulty"
    static let share = 1

    func make(_ random: inout SeededRandom) -> [UInt8] {
      (0..<random.below(40)).map { _ in UInt8(97 + random.below(26)) }
    }

    func difference(_ input: [UInt8]) -> String? {
      guard let x = input.firstIndex(of: UInt8(ascii: "x")), input[x...].contains(UInt8(ascii: "y")) else { return nil }
      return "x before y"
    }
  }
}
