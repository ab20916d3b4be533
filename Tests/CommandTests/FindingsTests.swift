import Glibc
import Records
import Spool
import TestSupport
import Testing

/// `transform findings` lists rejections and warnings from the spool alone.
@Suite struct FindingsTests {
  /// Returns a sandbox with the transformed sample, and its finding lines.
  private func sample() throws -> (CommandSandbox, SnapshotFolder, lines: [String]) {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--sample", "--chunk-size", "700")
    try workshop.succeed("transform")
    let snapshot = try workshop.snapshot()
    let lines = (1...5).flatMap { text(snapshot.findings($0)).split(separator: "\n").map(String.init) }
    try #require(lines.count == 20)
    return (workshop, snapshot, lines)
  }

  @Test func eachFindingIsALineAndAllAreCounted() throws {
    let (workshop, snapshot, lines) = try sample()
    let before = try files(workshop.spool)
    let ended = try workshop.succeed("transform", "findings")
    let shown = ended.stdout.split(separator: "\n").map(String.init)
    #expect(shown.count == 21 && ended.stderr.isEmpty, "\(ended)")
    for (line, shown) in zip(lines, shown) {
      let finding = try Finding(line: line.utf8)
      for part in [finding.severity, finding.code, " \(finding.line) ", finding.column ?? " ", finding.message] {
        #expect(shown.contains(part), "\(shown)")
      }
      #expect(shown.contains(finding.raw?.prefix(12) ?? "?") && shown.unicodeScalars.count < 250, "\(shown)")
    }
    #expect(shown.last?.hasPrefix("20 findings: BAN_CHECKSUM 2, DUPLICATE 2, FIELD_COUNT 1, ") == true)
    #expect(shown.last?.contains(snapshot.id.description) == true)
    #expect(try files(workshop.spool) == before)
    #expect(try workshop.markers == [])
  }

  @Test func theJSONOutputIsTheLinesOfTheSpool() throws {
    let (workshop, snapshot, lines) = try sample()
    let all = try workshop.succeed("transform", "findings", "--json")
    #expect(all.stdout == lines.joined(separator: "\n") + "\n")
    let named = try workshop.succeed("transform", "findings", "--json", "--snapshot", snapshot.id.description)
    #expect(named.stdout == all.stdout)
    let some = try workshop.succeed(
      "transform", "findings", "--code", "DUPLICATE", "--json", "--code", "INVALID_BAN")
    let wanted = lines.filter { $0.contains("\"code\":\"DUPLICATE\"") || $0.contains("\"code\":\"INVALID_BAN\"") }
    #expect(wanted.count == 4 && some.stdout == wanted.joined(separator: "\n") + "\n")
    let none = try workshop.succeed("transform", "findings", "--code", "RECORD_TOO_LONG")
    #expect(none.stdout.hasPrefix("no findings of these codes"))
    #expect(try workshop.succeed("transform", "findings", "--json", "--code", "RECORD_TOO_LONG").stdout == "")
  }

  @Test func anExportedSheetGivesTheSameFindings() throws {
    let (workshop, _, lines) = try sample()
    let path = workshop.file("something else", "out.csv")
    let refused = try workshop.run("transform", "findings", "--export", "out.csv")
    expect(refused, from: "transform", fails: 64, saying: "'out.csv' exists already")
    #expect(text(path) == "something else")
    let ended = try workshop.succeed("transform", "findings", "--export", "out.csv", "--force")
    #expect(ended.stdout.hasPrefix("20 records are written to 'out.csv'\n20 findings: "), "\(ended)")
    let bytes = try #require(ScratchFolder.read(path))
    #expect(bytes.starts(with: [0xEF, 0xBB, 0xBF]))
    let exported = try CorrectionSheet.read(bytes)
    #expect(exported.untouched == 20 && exported.records.isEmpty && exported.findings.isEmpty)
    let sheet = try CorrectionSheet.read(touched(bytes))
    #expect(sheet.untouched == 0)
    let findings = try lines.map { try Finding(line: $0.utf8) }
    #expect(sheet.tally.records == 20)
    let columns =
      ["codes", "line", "record", "columns", "messages"] + Column.allCases.map(\.name) + ["fingerprint", "raw"]
    #expect(exported.header.names == columns)
    // A duplicate needs the other record, and a record without fields has empty cells.
    let validated = findings.filter { $0.code != "DUPLICATE" }.map {
      ["FIELD_COUNT", "MALFORMED_QUOTE"].contains($0.code) ? "INVALID_BAN" : $0.code
    }
    #expect(sheet.findings.map(\.code) == validated)
    #expect(sheet.records.count == 14)
    #expect(try Folder.names(workshop.scratch.path) == ["out.csv", "spool"])
  }

  static let hostile = [
    #"\"=HYPERLINK(""x"")\""#, "'quoted", "-1", "\"NA\"", "\u{202E}x\u{1B}[31m", "\"a\"\"b,\nc\"", "＝1",
  ].map { $0.replacing("\\\"", with: "\"") }

  @Test func hostileValuesAreShownAndExportedSafely() throws {
    let workshop = CommandSandbox()
    var source = "營業人名稱,統一編號,資本額,備註\n"
    for (index, name) in Self.hostile.enumerated() { source += "\(name),1000000\(index),=1+1,@x\n" }
    try workshop.succeed("fetch", "--source", workshop.file(source))
    try workshop.succeed("transform")
    let shown = try workshop.succeed("transform", "findings").stdout
    #expect(!shown.unicodeScalars.contains { $0.value == 0x202E || $0.value == 0x1B })
    #expect(shown.split(separator: "\n").count == shown.split(separator: "\n").count { $0.contains(" ") })

    try workshop.succeed("transform", "findings", "--export", "out.csv", "--code", "INVALID_CAPITAL")
    let text = text(workshop.scratch.path + "/out.csv")
    let lead = "INVALID_CAPITAL,2,1,資本額,\"not a whole amount, or too large; stored as NULL\",,10000000,,"
    #expect(text.contains("\n\(lead)\"'=HYPERLINK(\"\"x\"\")\",'=1+1,,,,,,,,,,,,"), "\(text)")
    for cell in [",''quoted,", ",'-1,", ",'NA,", ",\"a\"\"b,\nc\",", ",'＝1,"] {
      #expect(text.contains(cell), "\(cell)")
    }
    let sheet = try CorrectionSheet.read(touched(Array(text.utf8)))
    let names = sheet.records.flatMap { CopyTextReader.rows($0.registration) }.map { $0[2] }
    #expect(
      names == ["=HYPERLINK(\"x\")", "'quoted", "-1", "NA", "\u{202E}x\u{1B}[31m", "a\"b,\nc", "＝1"])
    let rows = sheet.records.flatMap(\.registration)
    #expect(rows == ScratchFolder.read(try workshop.snapshot().registrations(1)))
  }

  @Test func invalidUTF8IsShownAndRejectedAgain() throws {
    let workshop = CommandSandbox()
    let bytes = Array("統一編號,營業人名稱\n04595257,甲".utf8) + [0xFF] + Array("行\n10000009,乙\n".utf8)
    try workshop.succeed("fetch", "--source", workshop.file(bytes))
    try workshop.succeed("transform", "--max-rejects", "1")
    #expect(try workshop.succeed("transform", "findings").stdout.contains("04595257,甲\u{FFFD}行"))
    try workshop.succeed("transform", "findings", "--export", "out.csv")
    let sheet = try CorrectionSheet.read(
      touched(try #require(ScratchFolder.read(workshop.scratch.path + "/out.csv"))))
    #expect(sheet.findings.map(\.code) == ["INVALID_ENCODING"] && sheet.records.isEmpty)
  }

  @Test func newListsFindingsThatThePreviousSnapshotLacks() throws {
    let workshop = CommandSandbox()
    func day(_ rows: String, chunkSize: String) throws {
      let source = workshop.file("統一編號,營業人名稱,資本額\n" + rows)
      try workshop.succeed("fetch", "--source", source, "--chunk-size", chunkSize)
      try workshop.succeed("transform", "--max-rejects", "100%")
    }
    // A sample is not a previous snapshot.
    try workshop.succeed("fetch", "--sample")
    try workshop.succeed("transform")
    try day("04595257,甲,1.5\nx,乙,\n10000009,丙,1\n", chunkSize: "1")
    let first = try workshop.succeed("transform", "findings", "--new", "--json")
    #expect(first.stdout.split(separator: "\n").count == 2)
    #expect(first.stderr.contains("no earlier snapshot to compare with: all findings are listed"))
    let table = try workshop.succeed("transform", "findings", "--new").stdout
    #expect(table.contains("\n2 findings: ") && table.contains("without an earlier one to compare with"), "\(table)")
    let none = try workshop.succeed("transform", "findings", "--new", "--code", "DUPLICATE").stdout
    #expect(none.hasPrefix("no findings of these codes: snapshot "), "\(none)")
    // The same records on other lines and in other chunks, one with another value.
    try day("10000009,丙,1\nx,乙,\n04595257,甲,1.6\n,丁,\n", chunkSize: "2")
    let second = try workshop.succeed("transform", "findings", "--new", "--json")
    let codes = try second.stdout.split(separator: "\n").map { try Finding(line: $0.utf8) }
    #expect(codes.map { "\($0.code) \($0.line)" } == ["INVALID_CAPITAL 4", "INVALID_BAN 5"], "\(second)")
    #expect(second.stderr.isEmpty)
    let snapshots = try workshop.snapshots
    let shown = try workshop.succeed("transform", "findings", "--new", "--code", "INVALID_BAN").stdout
    #expect(shown.contains("1 new finding: INVALID_BAN 1") && shown.contains("compared with \(snapshots[1].id)"))
    // A snapshot that is not finalized is skipped, as the newest and as the previous one.
    unlink(snapshots[1].transformManifest)
    let stripped = try workshop.run("transform", "findings", "--new").stderr
    #expect(stripped.contains("--snapshot \(snapshots[1].id)"), "\(stripped)")
    #expect(stripped.contains("nothing to compare with, and all findings are listed"), "\(stripped)")
    unlink(snapshots[2].transformManifest)
    #expect(try workshop.succeed("transform", "findings").stdout.contains(snapshots[0].id.description))
  }

  @Test(arguments: ["flipped", "shorter", "gone", "manifest"])
  func damageIs65AndNothingIsWritten(_ damage: String) throws {
    let (workshop, snapshot, _) = try sample()
    let path = damage == "manifest" ? snapshot.transformChunkManifest(3) : snapshot.findings(3)
    var bytes = try #require(ScratchFolder.read(path))
    switch damage {
    case "shorter": bytes.removeLast()
    // Still a valid manifest, but with another digest than the snapshot's manifest has.
    case "manifest": bytes.append(UInt8(ascii: "\n"))
    default: bytes[bytes.count / 2] ^= 1
    }
    unlink(path)
    if damage != "gone" { _ = workshop.file(bytes, String(path.dropFirst(workshop.scratch.path.count + 1))) }
    for arguments in [[], ["--json"], ["--export", "out.csv"]] {
      let ended = try workshop.command("transform", ["findings"] + arguments).run()
      expect(ended, from: "transform", fails: 65, saying: Folder.name(of: path))
      #expect(ended.stdout.isEmpty && ended.stderr.contains("--chunk 3 --force"), "\(ended)")
    }
    #expect(try Folder.names(workshop.scratch.path) == ["spool"])
  }

  @Test func anUnfinalizedSnapshotIs66AndWrongUsage64() throws {
    let workshop = CommandSandbox()
    func fails(_ code: Int32, _ arguments: String..., saying text: String) throws {
      let ended = try workshop.command("transform", ["findings"] + arguments).run()
      expect(ended, from: "transform", fails: code, saying: text)
      #expect(ended.stdout.isEmpty)
    }
    try fails(66, saying: "there is no transformed snapshot in")
    try workshop.succeed("fetch", "--source", workshop.file("統一編號,營業人名稱\n04595257,甲行\n"))
    let snapshot = try workshop.snapshot()
    try fails(66, saying: "there is no transformed snapshot in")
    try fails(66, "--snapshot", snapshot.id.description, saying: "is not transformed")
    try fails(66, "--snapshot", "20260101T000000Z-00000000", saying: "20260101T000000Z-00000000")
    try fails(64, "--snapshot", "../x", saying: "'../x'")
    try fails(64, "--code", "invalid_ban", saying: "'invalid_ban'")
    try fails(64, "--export", "out.csv", "--json", saying: "--export and --json")
    try fails(64, "--export", "/dev/null", saying: "not a regular file")
    try fails(64, "--export", "", saying: "''")
    try fails(64, "--export", "-", saying: "'-'")
    try fails(64, "--bogus", saying: "--bogus")
    try workshop.succeed("transform")
    #expect(try workshop.succeed("transform", "findings").stdout == "no findings: snapshot \(snapshot.id)\n")
    try fails(74, "--export", "nowhere/out.csv", saying: "nowhere/out.csv")
    let full = try Command(
      program: Command.path(of: "transform"), arguments: ["--spool", workshop.spool, "findings"],
      environment: workshop.environment, folder: workshop.scratch.path, stdout: "/dev/full"
    ).run()
    expect(full, from: "transform", fails: 74, saying: "stdout")
  }

  private func text(_ path: String) -> String { String(decoding: ScratchFolder.read(path) ?? [], as: UTF8.self) }
}
