import Glibc
import LoopbackServer
import Spool
import TestSupport
import Testing

/// The chunks joined are the source, and the same source gives the same chunks.
@Suite struct ArchiveTests {
  @Test func twoFetchesOfOneSourceAreByteEqual() throws {
    let bytes = try Source.generate(rows: 3_000, dirt: [.malformedQuote: 5, .invalidEncoding: 5, .recordTooLong: 2])
    let server = try LoopbackServer(
      FileScript(ServedFile(bytes, lastModified: "Sun, 06 Nov 1994 08:49:37 GMT"), plan: [.cut(after: 200_000)]))
    let (web, file) = (CommandSandbox(), CommandSandbox())
    let source = file.file(bytes, "another name.csv")
    try web.succeed("fetch", "--source", server.url("/a.csv"), "--chunk-size", "70", variables: ["JOBS": "3"])
    try file.succeed("fetch", "--source", source, variables: ["CHUNK_SIZE": "70"])
    let (one, other) = (try web.snapshot(), try file.snapshot())
    #expect(try files(one.fetchFolder) == files(other.fetchFolder))
    #expect(try files(one.fetchFolder).count > 80)
    #expect(server.exchanges.map(\.status) == [200, 206])
    for text in [web.scratch.path, file.scratch.path, one.id.description, other.id.description, "127.0.0.1"] {
      #expect(try files(under: one.fetchFolder, holding: text) == [])
      #expect(try files(under: other.fetchFolder, holding: text) == [])
    }
  }

  @Test func joinedChunksHaveTheDigestInTheManifest() throws {
    let workshop = CommandSandbox()
    let bytes = try Source.generate(rows: 2_000)
    try workshop.succeed("fetch", "--source", workshop.file(bytes), "--chunk-size", "300")
    let snapshot = try workshop.snapshot()
    #expect(try source(snapshot) == bytes)
    guard access("/usr/bin/zstdcat", X_OK) == 0 else { return }
    let digest = try Command(
      program: "/bin/sh", arguments: ["-c", "zstdcat fetch/*.csv.zst | sha256sum"], environment: workshop.environment,
      folder: snapshot.path
    ).run()
    let manifest = try #require(try FetchManifest.read(at: snapshot.fetchManifest))
    #expect(digest.stdout == "\(manifest.csv.sha256)  -\n")
  }

  @Test func aLimitKeepsExactlyTheFirstRecordsAndIsNoPreviousSnapshot() throws {
    let workshop = CommandSandbox()
    let text = Source.plain(rows: 10)
    let path = workshop.file(text)
    try workshop.succeed("fetch", "--source", path, "--limit", "4", "--chunk-size", "3")
    let limited = try workshop.snapshot()
    let prefix = text.split(separator: "\n").prefix(5).map { $0 + "\n" }.joined()
    #expect(try source(limited) == Array(prefix.utf8))
    let whole = try workshop.succeed("fetch", "--source", path, "--json")
    #expect(try JSON(whole.stdout)["status"]?.string == "success")
    #expect(try workshop.snapshots.count == 2)
    let again = try workshop.succeed("fetch", "--source", path, "--json")
    #expect(try JSON(again.stdout)["status"]?.string == "unchanged")
    #expect(try workshop.snapshots.count == 2)
  }
}
