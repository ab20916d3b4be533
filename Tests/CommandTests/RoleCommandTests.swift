import Glibc
import Spool
import TestCluster
import TestSupport
import Testing

/// Every command with the least privileged documented role, and its error with a lesser role.
@Suite(.enabled(if: TestCluster.isOwn, "\(TestCluster.unavailable ?? "needs a server of its own")"))
struct RoleCommandTests {
  /// Days whose commands run with the roles of `docs/roles.sql`.
  private struct Fixture {
    let days: Days
    let roles: TestRoles

    static func with(_ body: (Fixture) throws -> Void) throws {
      try Days.with { days in
        try TestRoles.with(days.database) { roles in try body(Fixture(days: days, roles: roles)) }
      }
    }

    func run(as role: TestRoles.Role, _ arguments: [String]) throws -> Ended {
      try days.workshop.command("load", arguments, ["DATABASE_URL": roles.url(role)]).run()
    }

    /// Runs `load` and requires exit code 0.
    @discardableResult
    func succeed(
      as role: TestRoles.Role, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Ended {
      let ended = try run(as: role, arguments)
      try #require(ended.code == 0, "\(role), \(arguments): \(ended)", sourceLocation: sourceLocation)
      return ended
    }

    func published() throws -> String? { try days.database.scalar("SELECT count(*) FROM publication") }
  }

  @Test func everyCommandWorksWithTheLeastRole() throws {
    try Fixture.with { fixture in
      let days = fixture.days
      try days.fetch(Days.records(120), day: 1)
      try fixture.succeed(as: .owner)
      try fixture.roles.apply()
      let second = try days.fetch(Days.records(121) + [Days.record(Days.validBANs[200], "")], day: 2)
      try fixture.succeed(as: .loader)
      // Every business is changed.
      let third = try days.fetch(Days.validBANs.prefix(121).map { Days.record($0, "新", capital: "7") }, day: 3)
      let check = try fixture.run(as: .console, ["--dry-run", "--json"])
      #expect(check.code == 65 && check.stdout.contains("\"check\""), "\(check)")
      #expect(try JSON(check.stdout)["check"]?["changes"]?["kinds"]?["changed"]?.int == 121, "\(check)")
      #expect(try JSON(check.stdout)["check"]?["refusals"]?.array?.isEmpty == false, "\(check)")
      #expect(try fixture.run(as: .loader, []).code == 65)
      let mass = try fixture.succeed(as: .loader, "--accept", "known", "--json")
      #expect(try JSON(mass.stdout)["database"]?["changes"]?["kinds"]?["changed"]?.int == 121, "\(mass)")
      try fixture.succeed(as: .loader, "rollback")
      try fixture.succeed(as: .loader, "--snapshot", third.id.description, "--accept", "known")
      try fixture.succeed(as: .loader, "rollback", second.id.description)

      try days.workshop.succeed("transform", "findings", "--snapshot", second.id.description, "--export", "sheet.csv")
      let sheet = String(
        decoding: try #require(ScratchFolder.read(days.workshop.scratch.path + "/sheet.csv")), as: UTF8.self)
      let blank = ",\(Days.validBANs[200]),,,1000,"
      try #require(sheet.contains(blank))
      _ = days.workshop.file(sheet.replacing(blank, with: ",\(Days.validBANs[200]),,補正行,1000,"), "sheet.csv")
      try fixture.succeed(as: .loader, "replay", "sheet.csv")
      try fixture.succeed(as: .loader, "withdraw", "\(Days.validBANs[200])")
      try days.database.execute("UPDATE tax_registration SET business_name = 'x' WHERE ban = '\(Days.validBANs[3])'")
      let verified = try fixture.succeed(
        as: .loader, "--verify", "--force", "--snapshot", second.id.description, "--json")
      #expect(try JSON(verified.stdout)["database"]?["repaired"]?.int == 1, "\(verified)")
      try fixture.succeed(as: .loader, "gc", "--keep", "1", "--retain-days", "1")
      #expect(
        try days.actions() == ["load", "load", "load", "rollback", "load", "rollback", "replay", "withdraw", "load"])

      let status = try fixture.succeed(as: .console, "status", "--json")
      let document = try JSON(status.stdout)["database"]
      #expect(document?["registry"]?["registrations"]?.int == 121 && document?["problem"] == nil, "\(status)")
      for role in [TestRoles.Role.reader, .console] {
        let changes = try fixture.succeed(as: role, "changes", "--json")
        #expect(changes.stdout.split(separator: "\n").count > 121, "\(changes)")
        let exported = try fixture.succeed(as: role, "export", "jsonl", "--output", "-")
        #expect(exported.stdout.split(separator: "\n").count > 100, "\(exported)")
      }
      // A reader may see the data, but not the job runs.
      let seen = try fixture.succeed(as: .reader, "status")
      #expect(seen.stdout.contains("registry   121 registrations"), "\(seen)")
      #expect(seen.stdout.contains("permission denied for table etl_job_run"), "\(seen)")
    }
  }

  @Test func aCommandBeyondARolesRightsIs69AndChangesNothing() throws {
    try Fixture.with { fixture in
      let days = fixture.days
      let first = try days.fetch(Days.records(50) + [Days.record(Days.validBANs[60], "")], day: 1)
      expect(
        try fixture.run(as: .loader, ["--max-rejects", "9"]), from: "load", fails: 78, saying: "need schema version")
      try fixture.succeed(as: .owner, "--max-rejects", "9")
      try fixture.roles.apply()
      try days.workshop.succeed("transform", "findings", "--export", "sheet.csv")
      let sheet = days.workshop.scratch.path + "/sheet.csv"
      let text = String(decoding: try #require(ScratchFolder.read(sheet)), as: UTF8.self)
      let blank = ",\(Days.validBANs[60]),,,1000,"
      _ = days.workshop.file(text.replacing(blank, with: ",\(Days.validBANs[60]),,補正行,1000,"), "sheet.csv")
      try days.fetch(Days.records(51), day: 2)
      try fixture.succeed(as: .loader)
      let published = try fixture.published()
      for role in [TestRoles.Role.reader, .console] {
        for arguments in [
          ["--force"], ["rollback", first.id.description], ["replay", "sheet.csv"], ["gc", "--keep", "1"],
        ] {
          let ended = try fixture.run(as: role, arguments)
          expect(ended, from: "load", fails: 69, saying: "permission denied for table")
          #expect(ended.stderr.contains("docs/roles.sql"), "\(role), \(arguments): \(ended)")
          #expect(!ended.stderr.contains("again in"), "\(ended)")
        }
      }
      #expect(try fixture.published() == published)
      #expect(try days.names().count == 51)
    }
  }
}
