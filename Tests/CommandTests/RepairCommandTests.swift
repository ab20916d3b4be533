import TestCluster
import TestSupport
import Testing

/// `load --verify` repairs rows that were edited by hand and names them.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct RepairCommandTests {
  @Test func rowsEditedByHandAreRepairedAndNamed() throws {
    try Days.with { days in
      try days.fetch(Days.records(20), day: 1)
      try days.succeed()
      let before = try days.names()
      let ban = "\(Days.validBANs[3])"
      try days.database.execute("UPDATE tax_registration SET business_name = 'by hand' WHERE ban = '\(ban)'")
      #expect(try JSON(try days.succeed("--json").stdout)["status"]?.string == "unchanged")
      let ended = try days.succeed("--verify", "--json")
      let database = try JSON(ended.stdout)["database"]
      #expect(database?["repaired"]?.int == 1 && database?["repaired_bans"] == .array([.string(ban)]), "\(ended)")
      #expect(database?["changes"]?["kinds"] == .object([:]), "\(ended)")
      #expect(ended.stderr.contains("repaired 1 businesses that had been edited by hand: \(ban)"), "\(ended)")
      #expect(try days.names() == before)
      #expect(try days.succeed("changes").stdout == "no changes\n")
    }
  }
}
