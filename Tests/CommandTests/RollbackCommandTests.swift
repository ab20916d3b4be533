import Spool
import TestCluster
import TestSupport
import Testing

/// `load rollback`.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct RollbackCommandTests {
  @Test func aRollbackRestoresThePreviousSnapshotAndStaysInForce() throws {
    try Days.with { days in
      let good = try days.fetch(Days.records(100), day: 1)
      try days.succeed()
      let rows = try days.names()
      let bad = try days.fetch(Days.records(108), day: 2)
      try days.succeed()

      let ended = try days.succeed("rollback", "--json")
      let document = try JSON(ended.stdout)
      #expect(document["snapshot"]?.string == good.id.description)
      #expect(document["database"]?["changes"]?["kinds"]?["removed"]?.int == 8, "\(ended)")
      #expect(try days.names() == rows)
      #expect(try days.actions() == ["load", "load", "rollback"])

      // Nightly loads of the same source change nothing.
      for _ in 1...2 {
        let nightly = try days.succeed("--json")
        #expect(try JSON(nightly.stdout)["status"]?.string == "unchanged")
        #expect(try JSON(nightly.stdout)["database"]?["rolled_back_to"]?.string == good.id.description)
        #expect(nightly.stderr.contains("./pipeline.sh load --spool "), "\(nightly)")
        #expect(nightly.stderr.contains("--snapshot \(bad.id) (with the same DATABASE_URL)\n"), "\(nightly)")
        #expect(!nightly.stderr.contains("the registry already holds snapshot \(bad.id)"), "\(nightly)")
      }
      let table = try days.succeed().stdout
      #expect(
        table.contains("\nnot loaded ") && table.contains("\n  accepted ") && !table.contains("\n  loaded "), "\(table)"
      )
      // A dry run says that the source is not loaded, and what it would change if it were loaded again.
      let check = try JSON(days.succeed("--dry-run", "--json").stdout)
      #expect(
        check["status"]?.string == "unchanged" && check["check"]?["rolled_back_to"]?.string == good.id.description)
      let kinds = check["check"]?["changes"]?["kinds"]
      #expect((kinds?["added"]?.int ?? 0) + (kinds?["reappeared"]?.int ?? 0) == 8, "\(check)")
      let dryRun = try days.succeed("--dry-run").stdout
      #expect(dryRun.contains("\nnot loaded ") && dryRun.contains("\nif loaded again "), "\(dryRun)")
      #expect(!dryRun.contains("\nwould change "), "\(dryRun)")
      #expect(try days.names() == rows)
      try days.succeed("--snapshot", bad.id.description)
      #expect(try days.names().count == 108)
      #expect(try days.actions() == ["load", "load", "rollback", "load"])
    }
  }

  @Test func aRollbackToANamedSnapshotIsUnchangedTheSecondTime() throws {
    try Days.with { days in
      let snapshots = try [100, 102, 104].enumerated().map { index, count in
        let snapshot = try days.fetch(Days.records(count), day: index + 1)
        try days.succeed()
        return snapshot
      }
      try days.succeed("rollback", snapshots[0].id.description)
      #expect(try days.names().count == 100)
      #expect(
        try JSON(try days.succeed("rollback", snapshots[0].id.description, "--json").stdout)["status"]?.string
          == "unchanged")
      // Also to a newer whole snapshot.
      try days.succeed("rollback", "--snapshot", snapshots[2].id.description)
      #expect(try days.names().count == 104)
      try days.succeed("rollback")
      #expect(try days.names().count == 102)
    }
  }

  @Test func aSampleIs65NothingEarlier66AndAWrongName64() throws {
    try Days.with { days in
      expect(try days.load("rollback"), from: "load", fails: 66, saying: "no snapshot was published here yet")
      try days.workshop.succeed("fetch", "--sample")
      try days.workshop.succeed("transform")
      let sample = try days.workshop.snapshot()
      try days.succeed()
      try days.fetch(Days.records(5), day: 1)
      try days.succeed()
      let before = try days.names()
      expect(
        try days.load("rollback", sample.id.description), from: "load", fails: 65, saying: "it is a sample, or limited")
      expect(try days.load("rollback"), from: "load", fails: 66)
      expect(try days.load("rollback", "../x"), from: "load", fails: 64, saying: "'../x'")
      expect(
        try days.load("rollback", "20260101T000000Z-00000000"), from: "load", fails: 66,
        saying: "20260101T000000Z-00000000")
      #expect(try days.names() == before)
      // The whole snapshot has replaced the sample.
      #expect(try days.actions() == ["load"])
    }
  }
}
