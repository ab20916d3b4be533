import Glibc
import LoopbackServer
import Spool
import TestSupport
import Testing

/// A full or read-only disk is 74, and the same command succeeds once the cause is fixed.
@Suite struct StorageTests {
  @Test func aFileInPlaceOfTheSpoolIs74() throws {
    let workshop = CommandSandbox()
    let source = workshop.file(Source.plain(rows: 3))
    _ = workshop.file("", "spool")
    for (stage, variables) in [("fetch", [:]), ("transform", [:]), ("load", ExitCodeTests.nowhere)] {
      let ended = try workshop.run(stage, variables: variables.merging(["SOURCE_URL": source]) { $1 })
      expect(ended, from: stage, fails: 74, saying: workshop.spool)
    }
    unlink(workshop.spool)
    try workshop.succeed("fetch", "--source", source)
  }

  @Test func aSpoolInAMissingFolderIs74() throws {
    var workshop = CommandSandbox()
    workshop.spool += "/no/where"
    expect(try workshop.run("fetch", "--sample"), from: "fetch", fails: 74, saying: workshop.spool)
  }

  /// The registry may be published already: only the summary is lost, and the run is not reported as killed later.
  @Test func aSummaryThatCannotBeWrittenIs74() throws {
    let workshop = CommandSandbox()
    var fetch = workshop.command("fetch", ["--sample", "--json"])
    fetch.stdout = "/dev/full"
    expect(try fetch.run(), from: "fetch", fails: 74, saying: "summary")
    // Without --json the table is only informative, and the run record has the data.
    fetch = workshop.command("fetch", ["--sample", "--force"])
    fetch.stdout = "/dev/full"
    let table = try fetch.run()
    #expect(table.code == 0 && table.stderr.contains("unable to write the summary"), "\(table)")
    let next = try workshop.run("transform", variables: ["LOG_FORMAT": "json"])
    #expect(try next.code == 0 && LogLine.read(next.stderr).all("etl_failed").isEmpty, "\(next)")
    #expect(try workshop.markers == [])
  }

  /// The next files opened would get the descriptors of stdout and stderr, and the log would be written into them.
  @Test func closedStandardStreamsDamageNoFile() throws {
    try LoadFixture.with(rows: 300, chunkSize: 50) { fixture in
      let load = try Command(
        program: "/bin/sh",
        arguments: ["-c", "exec \"$0\" --spool \"$1\" <&- >&- 2>&-", Command.path(of: "load"), fixture.workshop.spool],
        environment: fixture.workshop.environment.merging(fixture.variables) { $1 }.merging(["LOG_LEVEL": "debug"]) {
          $1
        },
        folder: fixture.workshop.scratch.path
      ).run()
      #expect(load.code == 0, "\(load)")
      try fixture.expectAll()
    }
  }

  @Test(.enabled(if: SmallDisk.isPossible, "this process may not mount"))
  func aReadOnlySpoolIs74() throws {
    var workshop = CommandSandbox()
    let disk = try #require(SmallDisk(bytes: 8 << 20))
    workshop.spool = disk.path + "/spool"
    let source = workshop.file(Source.plain(rows: 100))
    try #require(disk.makeReadOnly(true))
    for variables in [[:], ["LOG_FORMAT": "json"]] as [[String: String]] {
      let ended = try workshop.run("fetch", "--source", source, variables: variables)
      #expect(ended.code == 74 && ended.stderr.contains("read-only file system"), "\(ended)")
    }
    try #require(disk.makeReadOnly(false))
    try workshop.succeed("fetch", "--source", source)
    try #require(disk.makeReadOnly(true))
    expect(try workshop.run("transform"), from: "transform", fails: 74, saying: "read-only")
    try #require(disk.makeReadOnly(false))
    try workshop.succeed("transform")
  }

  @Test(.enabled(if: SmallDisk.isPossible, "this process may not mount"))
  func aDiskThatFillsUpIs74AndTheNextFetchResumes() throws {
    var workshop = CommandSandbox()
    let disk = try #require(SmallDisk(bytes: 2 << 20))
    workshop.spool = disk.path + "/spool"
    // Without a length, the size is not known in advance; random text does not compress.
    var noise = SystemRandomNumberGenerator()
    var text = "統一編號,營業人名稱,備註\n"
    for row in 0..<8000 {
      text += "\(10_000_000 + row),第\(row)號," + (0..<32).map { _ in String(noise.next(), radix: 16) }.joined() + "\n"
    }
    let file = ServedFile(text, lastModified: "Sun, 06 Nov 1994 08:49:37 GMT").with { $0.length = .chunked }
    let server = try LoopbackServer(FileScript(file))
    func fetch() throws -> Ended { try workshop.run("fetch", "--source", server.url("/a.csv"), "--chunk-size", "500") }

    // First during the download, then because there is too little space to start.
    for reason in ["no space left", ""] {
      expect(try fetch(), from: "fetch", fails: 74, saying: reason)
      let snapshot = try workshop.snapshot()
      #expect(try SpoolFile.size(snapshot.fetchManifest) == nil)
      #expect(try manifests(snapshot.fetchFolder) > 2)
    }
    try #require(disk.resize(bytes: 64 << 20))
    #expect(try fetch().code == 0)
    #expect(server.exchanges.last?.status == 206)

    let whole = try #require(try FetchManifest.read(at: workshop.snapshot().fetchManifest))
    #expect(whole.csv.bytes == text.utf8.count)
    disk.fill(leaving: 100_000)
    for _ in 1...2 {
      expect(try workshop.run("transform"), from: "transform", fails: 74, saying: "no space left")
      #expect(try SpoolFile.size(workshop.snapshot().transformManifest) == nil)
    }
    disk.free()
    try workshop.succeed("transform")
    #expect(try workshop.markers == [])
  }

  @Test(.enabled(if: SmallDisk.isPossible, "this process may not mount"))
  func tooLittleSpaceIsNoticedBeforeTheDownload() throws {
    var workshop = CommandSandbox()
    let disk = try #require(SmallDisk(bytes: 2 << 20))
    workshop.spool = disk.path + "/spool"
    let server = try LoopbackServer(FileScript(ServedFile(Content.zeros(9 << 20))))
    let source = workshop.file([UInt8](repeating: 0x61, count: 9 << 20))
    for source in [server.url("/a.csv"), source] {
      expect(
        try workshop.run("fetch", "--source", source), from: "fetch", fails: 74,
        saying: "KiB free, but a source of 9216 KiB needs")
      #expect(try workshop.snapshots.isEmpty)
    }
  }
}
