import LoopbackServer
import Spool
import TestSupport
import Testing

/// Unacceptable data is 65, also when it is fetched again.
@Suite struct RefusedDataTests {
  struct Bad: CustomTestStringConvertible {
    var what: String
    var bytes: [UInt8]
    var names: String
    var testDescription: String { what }

    init(_ what: String, _ text: String, names: String) {
      (self.what, bytes, self.names) = (what, Array(text.utf8), names)
    }
  }

  static let bad = [
    Bad("no BAN column", "營業地址,營業人名稱\n某處,甲行\n", names: "統一編號"),
    Bad("no name column", "統一編號,營業地址\n04595257,某處\n", names: "營業人名稱"),
    Bad("a column twice", "統一編號,營業人名稱,統一編號\n04595257,甲行,04595257\n", names: "統一編號"),
    Bad("an HTML page", "<!DOCTYPE html>\n<html><body>維護中</body></html>\n", names: "HTML"),
    Bad("an HTML page with white space", "\u{FEFF}\r\n  <HTML>\n", names: "HTML"),
    Bad("an empty file", "", names: "empty"),
    Bad("a mark alone", "\u{FEFF}", names: "empty"),
    Bad("a header with an open quote", "\"統一編號,營業人名稱\n04595257,甲行\n", names: "header"),
  ]

  @Test(arguments: bad)
  func badDataIsRefusedBeforeAnythingIsWritten(_ bad: Bad) throws {
    let workshop = CommandSandbox()
    let server = try LoopbackServer(FileScript(ServedFile(bad.bytes, lastModified: "Sun, 06 Nov 1994 08:49:37 GMT")))
    for source in [workshop.file(bad.bytes), server.url("/a.csv")] {
      for _ in 1...2 {
        expect(try workshop.run("fetch", "--source", source), from: "fetch", fails: 65, saying: bad.names)
        #expect(try workshop.snapshots.isEmpty)
      }
    }
    expect(try workshop.run("transform"), from: "transform", fails: 66)
    // The same command works once the cause is gone.
    try workshop.succeed("fetch", "--source", workshop.file(Source.plain(rows: 3)))
    try workshop.succeed("transform")
  }

  @Test(arguments: ["統一編號,營業人名稱\n", "統一編號,營業人名稱\n01-SEP-26,\n", "統一編號,營業人名稱\nx,甲行\n\n"])
  func aSourceWithoutAnAcceptedRecordIsRefusedWithAnyBudget(_ text: String) throws {
    let workshop = CommandSandbox()
    let source = workshop.file(text)
    try workshop.succeed("fetch", "--source", source)
    for _ in 1...2 {
      let ended = try workshop.run("transform", "--max-rejects", "100%")
      let why = text.contains("x,") ? "not one of its 2 records" : "no record follows its header"
      expect(ended, from: "transform", fails: 65, saying: why)
      #expect(try workshop.run("fetch", "--source", source).code == 0)
    }
  }

  /// Such as a file that is still being copied, or a truncated source.
  @Test func aSourceThatEndsWithinARecordIsRefusedUntilItIsAccepted() throws {
    let whole = Array(Source.plain(rows: 300).utf8)
    // Of the last line, nothing is missing, then its line end, then half of it.
    for (missing, isCut) in [(0, false), (1, false), (whole.split(separator: 10).last.map { $0.count / 2 } ?? 0, true)]
    {
      let workshop = CommandSandbox()
      let source = workshop.file(Array(whole.dropLast(missing)))
      try workshop.succeed("fetch", "--source", source, "--chunk-size", "50")
      guard isCut else {
        try workshop.succeed("transform")
        continue
      }
      for _ in 1...2 {
        expect(try workshop.run("transform"), from: "transform", fails: 65, saying: "in the middle of its last record")
      }
      try workshop.succeed("transform", "--accept", "the last one is known")
      try workshop.succeed("transform")
    }
  }

  @Test func tooManyRejectionsAreRefusedUntilTheBudgetIsRaised() throws {
    let workshop = CommandSandbox()
    let source = workshop.file(Source.plain(rows: 200, bad: 3))
    try workshop.succeed("fetch", "--source", source, "--chunk-size", "50")
    expect(try workshop.run("transform"), from: "transform", fails: 65, saying: "3 of 200 records")
    let snapshot = try workshop.snapshot()
    let (first, inodes) = (try transformed(snapshot), try inodes(snapshot.transformFolder))
    #expect(try workshop.run("fetch", "--source", source, "--chunk-size", "50").code == 0)
    for budget in ["1%", "1.4%", "2", "0"] {
      expect(
        try workshop.run("transform", "--max-rejects", budget), from: "transform", fails: 65, saying: budget)
    }
    for budget in ["1.5%", "2%", "3", "100%"] {
      #expect(try workshop.run("transform", "--max-rejects", budget).code == 0)
      #expect(try workshop.run("transform", variables: ["MAX_REJECTS": budget]).code == 0)
    }
    // An option takes precedence over its variable.
    #expect(try workshop.run("transform", "--max-rejects", "3", variables: ["MAX_REJECTS": "0"]).code == 0)
    #expect(try transformed(snapshot) == first)
    #expect(try CommandTests.inodes(snapshot.transformFolder) == inodes, "no file was written again")
  }

  @Test func damagedFilesAndHigherFormatsAreNamed() throws {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--source", workshop.file(Source.plain(rows: 20)), "--chunk-size", "5")
    try workshop.succeed("transform")
    let snapshot = try workshop.snapshot()
    let path = snapshot.registrations(2)
    let whole = try #require(ScratchFolder.read(path))
    _ = workshop.scratch.write([], to: String(path.dropFirst(workshop.scratch.path.count + 1)))
    expect(try workshop.run("transform"), from: "transform", fails: 65, saying: "000002.registrations.tsv' is damaged")
    try workshop.succeed("transform", "--chunk", "2", "--force")
    #expect(ScratchFolder.read(path) == whole)
    try workshop.succeed("transform")

    let manifest = String(decoding: try #require(ScratchFolder.read(snapshot.fetchManifest)), as: UTF8.self)
    let name = String(snapshot.fetchManifest.dropFirst(workshop.scratch.path.count + 1))
    _ = workshop.file(manifest.replacing("\"format\" : 1", with: "\"format\" : 2"), name)
    expect(try workshop.run("transform"), from: "transform", fails: 65, saying: "format 2")
  }
}
