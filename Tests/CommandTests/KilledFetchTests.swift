import Glibc
import LoopbackServer
import Spool
import TestSupport
import Testing

/// After a fetch is killed or stopped, the next one resumes from its finished chunks.
@Suite struct KilledFetchTests {
  static let lastModified = "Sun, 06 Nov 1994 08:49:37 GMT"
  static let chunkSize = 500
  /// 61 % of the source, in the middle of a chunk.
  static let recordsBefore = 15_250
  static let json = ["LOG_FORMAT": "json"]

  /// A source of some megabytes, and a server that pauses once at about 60 % of it.
  private struct Stage {
    let workshop = CommandSandbox()
    let bytes: [UInt8]
    let offset: Int
    let gate = Gate()
    let server: LoopbackServer

    init() throws {
      let bytes = try Source.generate(rows: 25_000)
      self.bytes = bytes
      // In the middle of a chunk, after header, stamp row and `recordsBefore` records.
      let lines = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
      offset = lines[1 + recordsBefore] + 100
      server = try LoopbackServer(
        FileScript(ServedFile(bytes, lastModified: lastModified), plan: [.paused(at: offset, until: gate)]))
    }

    func fetch() throws -> Running {
      try workshop.start(
        "fetch", "--source", server.url("/a.csv"), "--chunk-size", "\(chunkSize)", variables: KilledFetchTests.json)
    }

    /// Starts a fetch and returns when it has written all complete chunks and waits for more bytes.
    func fetchToTheGate() throws -> Running {
      let fetch = try fetch()
      try server.waitFor(bytesSent: offset)
      let chunks = recordsBefore / chunkSize
      try fetch.wait(until: "\(chunks) chunks are there") {
        try workshop.snapshots.last.map { try manifests($0.fetchFolder) } == chunks
      }
      return fetch
    }

    /// Checks that the next fetch requests the rest once and that the snapshot is the source.
    func expectTheRest(_ ended: Ended, request: Int) throws {
      #expect(ended.code == 0, "\(ended)")
      let snapshot = try workshop.snapshot()
      let manifest = try #require(try FetchManifest.read(at: snapshot.fetchManifest))
      let chunks = try (1...manifest.chunks.count).compactMap {
        try FetchChunkManifest.read(at: snapshot.fetchChunkManifest($0))
      }
      let start = try #require(chunks.map(\.byteOffset).last { $0 <= offset })
      let exchange = try server.waitForEnd(ofRequest: request)
      #expect(exchange.request.headers["Range"] == "bytes=\(start)-")
      #expect(exchange.request.headers["If-Range"] == lastModified)
      #expect(exchange.status == 206)
      #expect(exchange.bytesSent == bytes.count - start, "the rest, and no more than one chunk again")
      #expect(offset - start < chunks[0].csv.bytes * 2)
      #expect(server.requests.count == request)
      #expect(try source(snapshot) == bytes)
      #expect(try workshop.markers == [])
    }
  }

  @Test func afterSIGKILLTheNextFetchTransfersOnlyTheRest() throws {
    let stage = try Stage()
    let killed = try stage.fetchToTheGate()
    killed.kill(SIGKILL)
    let first = try killed.wait()
    #expect(first.signal == SIGKILL)
    let killedLog = try LogLine.read(first.stderr)
    let killedRun = try #require(killedLog.all("etl_started").first?.runID)
    #expect(killedLog.all("etl_failed").isEmpty)

    let second = try stage.fetch().wait()
    try stage.expectTheRest(second, request: 2)
    let log = try LogLine.read(second.stderr)
    #expect(log.all("etl_failed").map(\.runID) == [killedRun])
    #expect(log.all("etl_failed").first?.fields["error"]?.string?.contains("killed") == true)
    #expect(log.all("etl_started").map(\.runID) != [killedRun])

    // The killed run is reported once, not by every later run.
    let third = try LogLine.read(try stage.fetch().wait().stderr)
    #expect(third.all("etl_failed").isEmpty)
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func aSignalStopsAFetchAndTheNextResumes(_ signal: Int32) throws {
    let stage = try Stage()
    let stopped = try stage.fetchToTheGate()
    let folder = try stage.workshop.snapshot().fetchFolder
    let before = try files(folder)
    // A service manager signals the group, and the script forwards its own signal: several may arrive.
    for _ in 1...3 { stopped.kill(signal) }
    let first = try stopped.wait()
    #expect(first.code == 128 + signal, "\(first)")
    let log = try LogLine.read(first.stderr)
    #expect(log.events == ["etl_started", "etl_failed"])
    #expect(log.last?.fields["temporary"] == .bool(true), "the next fetch resumes: no action is needed")
    #expect(try files(folder) == before, "nothing half-published")
    #expect(try Folder.names(folder).allSatisfy { !$0.hasSuffix(".tmp") })
    #expect(try SpoolFile.size(stage.workshop.snapshot().fetchManifest) == nil)

    let second = try stage.fetch().wait()
    try stage.expectTheRest(second, request: 2)
    #expect(try LogLine.read(second.stderr).all("etl_failed").isEmpty)
  }

  /// As with nohup: the caller wants the process to survive the terminal.
  @Test func anIgnoredHangUpStaysIgnored() throws {
    let stage = try Stage()
    let fetch = stage.workshop.command(
      "fetch", ["--source", stage.server.url("/a.csv"), "--chunk-size", "\(Self.chunkSize)"], Self.json)
    var command = fetch
    command.program = "/bin/sh"
    command.arguments = ["-c", "trap '' HUP; exec \"$@\"", "sh", fetch.program] + fetch.arguments
    let running = try command.start()
    try stage.server.waitFor(bytesSent: stage.offset)
    running.kill(SIGHUP)
    stage.gate.open()
    let ended = try running.wait()
    #expect(ended.code == 0, "\(ended)")
  }

  /// A stage runs in its own process group, and `stty tostop` stops background processes that write to the terminal.
  @Test func aTerminalDoesNotStopAFetchInTheBackground() throws {
    let workshop = CommandSandbox()
    let source = workshop.file(Source.plain(rows: 5))
    let fetch = workshop.command("fetch", ["--source", source])
    let script = workshop.file("stty tostop; set -m; \"$@\" & wait $!", "background.sh")
    let words = ["bash", script, fetch.program] + fetch.arguments
    let ended = try Command(
      program: "/usr/bin/script", arguments: ["-qec", words.map { "'\($0)'" }.joined(separator: " "), "/dev/null"],
      environment: fetch.environment, folder: workshop.scratch.path
    ).run()
    #expect(ended.code == 0, "\(ended)")
    #expect(try FetchManifest.read(at: workshop.snapshot().fetchManifest)?.csv.records == 5)
  }

  /// After several kills at any moment, the snapshot is the source, and each killed run is reported once.
  @Test func killsAtAnyMomentLoseNoData() throws {
    let workshop = CommandSandbox()
    let bytes = try Source.generate(rows: 6_000)
    let server = try LoopbackServer(FileScript(ServedFile(bytes, lastModified: Self.lastModified)))
    func fetch() throws -> Running {
      try workshop.start("fetch", "--source", server.url("/a.csv"), "--chunk-size", "50", variables: Self.json)
    }
    var killed: [String] = []
    var reported: [String] = []
    /// Runs that were killed between their last event and their end: they may be reported or not.
    var completed: Set<String> = []
    for chunks in [1, 20, 50, 90, 119] {
      let running = try fetch()
      try? running.wait(until: "\(chunks) chunks are there") {
        try workshop.snapshots.last.map { try manifests($0.fetchFolder) } ?? 0 >= chunks
      }
      running.kill(SIGKILL)
      let ended = try running.wait()
      let log = try LogLine.read(ended.stderr.split(separator: "\n").map { $0 + "\n" }.joined())
      reported += log.all("etl_failed").compactMap(\.runID)
      completed.formUnion(log.all("etl_completed").compactMap(\.runID))
      if ended.signal == SIGKILL { killed += log.all("etl_started").compactMap(\.runID) }
    }
    let last = try fetch().wait()
    #expect(last.code == 0)
    reported += try LogLine.read(last.stderr).all("etl_failed").compactMap(\.runID)
    #expect(reported.filter { !completed.contains($0) } == killed.filter { !completed.contains($0) })
    #expect(try source(workshop.snapshot()) == bytes)
  }
}

/// Returns a snapshot's chunks, decompressed and joined.
func source(_ snapshot: SnapshotFolder) throws -> [UInt8] {
  var reader = try ChunkReader()
  var all: [UInt8] = []
  let manifest = try #require(try FetchManifest.read(at: snapshot.fetchManifest))
  for number in 1...manifest.chunks.count {
    let chunk = try #require(try FetchChunkManifest.read(at: snapshot.fetchChunkManifest(number)))
    try reader.read(chunk, in: snapshot) { all += $0 }
  }
  return all
}
