import CommandKit
import FetchStage
import Glibc
import LoopbackServer
import Spool
import Support
import TestSupport
import Testing

/// A server with one file, and a spool to fetch it into.
struct WebFixture {
  static let old = "Sun, 06 Nov 1994 08:49:37 GMT"
  let scratch = ScratchFolder()
  let script: FileScript
  let server: LoopbackServer
  private let content: Content
  /// The file's bytes; only for files that fit into memory.
  var bytes: [UInt8] { content.bytes }
  var spool: String { scratch.path + "/spool" }

  init(_ file: ServedFile, plan: [Attempt] = [], otherwise: Attempt = .whole) throws {
    script = FileScript(file, plan: plan, otherwise: otherwise)
    server = try LoopbackServer(script)
    content = file.content
  }

  /// Creates another spool for the same server.
  init(_ other: WebFixture) {
    (script, server, content) = (other.script, other.server, other.content)
  }

  /// Fetches with chunks of 100 records and without waits between attempts.
  func fetch(force: Bool = false, _ change: (inout FetchSettings) -> Void = { _ in }) throws -> FetchOutcome {
    var settings = FetchSettings(
      spool: spool, location: try SourceLocation(server.url("/data.csv"), isArgument: true),
      terms: FetchTerms(chunkSize: 100, limit: nil, sample: false), force: force)
    settings.retryWaitSeconds = [0, 0, 0]
    change(&settings)
    return try Fetcher.run(settings, log: quietLog)
  }

  /// Returns all chunks of a snapshot, decompressed and joined.
  func content(_ folder: SnapshotFolder) throws -> [UInt8] {
    var reader = try ChunkReader()
    var all: [UInt8] = []
    let manifest = try #require(try FetchManifest.read(at: folder.fetchManifest))
    for number in 1...manifest.chunks.count {
      let chunk = try #require(try FetchChunkManifest.read(at: folder.fetchChunkManifest(number)))
      try reader.read(chunk, in: folder) { all += $0 }
    }
    return all
  }

  /// Returns a source with about 200 bytes per row.
  static func source(rows: Int) -> [UInt8] {
    var text = "統一編號,營業人名稱,營業地址\n01-SEP-26,,\n"
    for row in 0..<rows {
      let ban = String(10_000_000 + row * 7)
      text += "\(ban),\"第\(row)號商行\",\"某縣某鄉某村\(row)號" + String(repeating: "樓", count: 45) + "\"\n"
    }
    return Array(text.utf8)
  }
}

let quietLog: EventLog = {
  setenv("LOG_LEVEL", "critical", 1)
  return EventLog(stage: "test", runID: "test")
}()

extension FetchOutcome {
  func expectFetched() throws -> SnapshotFolder {
    guard case .fetched(let folder, _) = self else { throw Failure(.bug, "the source was taken as unchanged") }
    return folder
  }
}

func category(_ body: () throws -> FetchOutcome) -> ExitCategory? {
  do {
    _ = try body()
    return nil
  } catch { return (error as? Failure)?.category ?? .bug }
}

func inode(_ path: String) -> UInt64? {
  var status = stat()
  return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
}

func flipByte(_ path: String) throws {
  var bytes = try #require(ScratchFolder.read(path))
  bytes[bytes.count / 2] ^= 0x40
  let file = try #require(fopen(path, "w"))
  fwrite(bytes, 1, bytes.count, file)
  fclose(file)
}
