import LoadStage
import Support
import Testing

@Suite("Comparing by hash")
struct PublishedHashesTests {
  @Test("the table finds exactly the inserted BANs, at any fill level")
  func hashes() {
    var generator = SystemRandomNumberGenerator()
    var known: [UInt32: Int64] = [:]
    var table = PublishedHashes(expected: 10)
    for _ in 0..<20_000 {
      let ban = UInt32.random(in: 0...99_999_999, using: &generator)
      if known[ban] != nil { continue }
      let hash = Int64.random(in: .min ... .max, using: &generator)
      known[ban] = hash
      table.insert(ban, hash)
    }
    #expect(table.count == known.count)
    for (ban, hash) in known { #expect(table.slot(of: ban).map { table.hash(at: $0) } == hash) }
    var seen = SlotSet(slots: table.slots)
    let half = known.keys.prefix(known.count / 2)
    for ban in half { if let slot = table.slot(of: ban) { seen.insert(slot) } }
    #expect(Set(table.unseen(seen)) == Set(known.keys).subtracting(half))
    for ban in UInt32(0)...2000 where known[ban] == nil { #expect(table.slot(of: ban) == nil) }
  }

  @Test(
    "a line is parsed into its BAN and its hash",
    arguments: [
      ("00501503\tx\ty\t-9223372036854775808\n", 501_503, Int64.min),
      ("99999999\t\\N\t9223372036854775807", 99_999_999, Int64.max), ("12345678\t0\n", 12_345_678, 0),
    ])
  func lines(_ text: String, _ ban: UInt32, _ hash: Int64) {
    Array(text.utf8).withUnsafeBytes { bytes in
      let line = RegistrationLine(bytes)
      #expect(line?.ban == ban)
      #expect(line?.contentHash == hash)
    }
  }

  @Test(
    "malformed lines are refused",
    arguments: [
      "", "\n", "12345678", "12345678\t", "1234567\t1", "123456789\t1", "1234567x\t1", "12345678\tx", "12345678\t-",
      "12345678\t9223372036854775808", "12345678\t-9223372036854775809", "12345678 1",
    ])
  func notLines(_ text: String) {
    Array(text.utf8).withUnsafeBytes { #expect(RegistrationLine($0) == nil) }
  }

  @Test("BANs as text keep their leading zeros")
  func zeros() {
    #expect(BANText.text(501_503) == "00501503")
    #expect(BANText.text(0) == "00000000")
  }
}
