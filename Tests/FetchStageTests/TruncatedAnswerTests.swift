import FetchStage
import LoopbackServer
import MalformedInputs
import SeededRandom
import Spool
import Support
import TestSupport
import Testing

/// A connection that ends at any byte of an answer, including its head.
@Suite struct TruncatedAnswerTests {
  /// The validators of an answer, and how its end is marked.
  struct Kind: CustomTestStringConvertible, Sendable {
    var name: String
    var lastModified: String?
    var etag: String?
    var age = 3600
    var length: ServedFile.Length
    var isReset = false
    var testDescription: String { "\(name), \(length)\(isReset ? ", reset" : "")" }

    var file: ServedFile {
      ServedFile(TruncatedAnswerTests.small, lastModified: lastModified, etag: etag).with {
        $0.length = length
        $0.date = lastModified == nil ? .fixed(WebFixture.old) : .afterLastModified(age)
      }
    }

    /// The bytes of the whole answer, and the length of its head.
    var wire: (bytes: [UInt8], head: Int) {
      let date = lastModified == nil ? WebFixture.old : HTTPDate.string(HTTPDate.seconds(WebFixture.old)! + age)
      var head = "HTTP/1.1 200 OK\r\nDate: \(date)\r\n"
      if let lastModified { head += "Last-Modified: \(lastModified)\r\n" }
      if let etag { head += "ETag: \(etag)\r\n" }
      var body = TruncatedAnswerTests.small
      switch length {
      case .contentLength: head += "Content-Length: \(body.count)\r\n"
      case .untilClose: head += "Connection: close\r\n"
      case .chunked:
        head += "Transfer-Encoding: chunked\r\n"
        body = stride(from: 0, to: body.count, by: 60).flatMap { start -> [UInt8] in
          let piece = body[start..<min(start + 60, body.count)]
          return Array((String(piece.count, radix: 16) + "\r\n").utf8) + piece + Array("\r\n".utf8)
        }
        body += Array("0\r\n\r\n".utf8)
      }
      head += "\r\n"
      return (Array(head.utf8) + body, head.utf8.count)
    }
  }

  static let small = Array(
    ("統一編號,營業人名稱\n01-SEP-26,\n" + (0..<7).map { "\(10_000_000 + $0),第\($0)號\n" }.joined()).utf8)

  static let kinds = [
    Kind(name: "strong ETag", lastModified: nil, etag: "\"v1\"", length: .contentLength),
    Kind(name: "strong ETag", lastModified: nil, etag: "\"v1\"", length: .contentLength, isReset: true),
    Kind(name: "strong date", lastModified: WebFixture.old, etag: nil, length: .contentLength),
    Kind(name: "weak ETag", lastModified: WebFixture.old, etag: "W/\"v1\"", length: .contentLength),
    Kind(name: "no validator", lastModified: nil, etag: nil, length: .contentLength),
    Kind(name: "strong ETag", lastModified: nil, etag: "\"v1\"", length: .chunked),
    Kind(name: "no validator", lastModified: nil, etag: nil, length: .chunked),
    Kind(name: "young date", lastModified: WebFixture.old, etag: nil, age: 0, length: .chunked, isReset: true),
  ]

  /// One cut, then no more faults: the second request gets the rest.
  @Test(arguments: kinds)
  func aCutAtAnyByteCostsOneMoreRequest(_ kind: Kind) throws {
    let (wire, head) = kind.wire
    // The last chunk is empty: the bytes after its size do not matter.
    let needed = kind.length == .chunked ? wire.count - 4 : wire.count
    let isStrong = kind.file.etag?.hasPrefix("\"") ?? (kind.lastModified != nil && kind.age >= 60)
    let server = try WebFixture(kind.file)
    for offset in Drawn.oneIn(4, of: 0..<wire.count) {
      let what = "\(kind.testDescription) at \(offset)"
      let web = WebFixture(server)
      let before = web.server.requests.count
      web.script.plan(Self.cut(wire, offset, kind.isReset))
      let end = End { try web.fetch { $0.terms.chunkSize = 2 } }
      let folder = try #require(end.folder, "\(what): \(end)")
      let fetched = try web.content(folder)
      #expect(fetched == Self.small, "\(what)")
      let requests = Array(web.server.requests.dropFirst(before))
      #expect(requests.count == 2 || requests.count == 1 && offset >= needed, "\(what): \(requests.count) requests")
      // Only with a strong validator is the download resumed, from the end of the last complete chunk.
      if let range = requests.last?.headers["Range"], requests.count == 2 {
        #expect(isStrong && offset > head, "\(what): \(range)")
      } else if isStrong, kind.length == .contentLength, offset > wire.count - 10 {
        Issue.record("\(what): all but the last chunk had come, and all of it was fetched again")
      }
      try web.expectWholeChunks(of: [Self.small], what)
    }
  }

  /// All four attempts are cut at the same byte: complete chunks are kept, and the next command fetches the source.
  @Test(arguments: [kinds[0], kinds[4], kinds[6]])
  func cutsOfEveryAttemptLeaveOnlyCompleteChunks(_ kind: Kind) throws {
    let (wire, head) = kind.wire
    let server = try WebFixture(kind.file)
    for offset in stride(from: 0, to: wire.count - 4, by: 3) {
      let what = "\(kind.testDescription) at \(offset)"
      let web = WebFixture(server)
      let before = web.server.requests.count
      web.script.update { ($0.plan, $0.otherwise) = ([], Self.cut(wire, offset, kind.isReset)) }
      let end = End { try web.fetch { $0.terms.chunkSize = 2 } }
      let failure = try #require(end.failure, "\(what): \(end)")
      #expect(failure.category == .temporary, "\(what): \(failure)")
      #expect(failure.message.contains(web.server.url("/data.csv")), "\(failure)")
      #expect(web.server.requests.count - before == 4, "\(what)")
      let chunks = try web.expectWholeChunks(of: [Self.small], what)
      #expect(offset > head || chunks == 0, "\(what)")
      #expect(offset < wire.count - 10 || chunks == 3, "\(what): \(chunks) chunks")
      web.script.update { $0.otherwise = .whole }
      let again = End { try web.fetch { $0.terms.chunkSize = 2 } }
      let folder = try #require(again.folder, "\(what): \(again)")
      let fetched = try web.content(folder)
      #expect(fetched == Self.small, "\(what)")
    }
  }

  /// If only the end of the connection marks the end of the source, a cut looks like an orderly end: the bytes received
  /// are treated as the source. (The acceptance checks of load catch such snapshots.)
  @Test func withoutALengthTheReceivedBytesAreTheSource() throws {
    let kind = Kind(name: "no validator", lastModified: nil, etag: nil, length: .untilClose)
    let (wire, head) = kind.wire
    let server = try WebFixture(kind.file)
    for offset in 0..<wire.count {
      let web = WebFixture(server)
      web.script.plan(Self.cut(wire, offset, false))
      let end = End { try web.fetch() }
      if offset < head {
        #expect(try end.folder.map(web.content) == Self.small, "\(offset): \(end)")
        continue
      }
      let prefix = Array(wire[head..<offset])
      let file = WebFixture(server)
      let path = file.scratch.write(prefix, to: "prefix.csv")
      let reference = End { try file.fetch { $0.location = .file(path: path) } }
      #expect(end.failure?.category == reference.failure?.category, "\(offset): \(end)")
      if let folder = end.folder { #expect(try web.content(folder) == prefix, "\(offset)") }
      // A reset is never an orderly end.
      let reset = WebFixture(server)
      reset.script.plan(Self.cut(wire, offset, true))
      #expect(try End { try reset.fetch() }.folder.map(reset.content) == Self.small, "\(offset), reset")
    }
  }

  /// Repeated cuts at random bytes of a source of 200 KB: each costs at most about one chunk more.
  @Test(arguments: UInt64(1)...16)
  func repeatedCutsResumeAtTheLastCompleteChunk(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let bytes = WebFixture.source(rows: 1000)
    let file = ServedFile(bytes, lastModified: WebFixture.old, etag: seed % 2 == 0 ? "\"v1\"" : nil)
    let web = try WebFixture(file)
    var cuts = 0
    var end = End.unchanged
    for _ in 0..<20 {
      let plan = (0..<1 + random.below(5)).map { _ -> Attempt in
        let offset = random.below(bytes.count / 2)
        return random.onceIn(2) ? .cut(after: offset) : .reset(after: offset)
      }
      let attempts = web.script.attempts
      web.script.plan(plan, from: attempts)
      end = End { try web.fetch() }
      cuts += min(web.script.attempts - attempts, plan.count)
      guard let failure = end.failure else { break }
      #expect(failure.category == .temporary, "seed \(seed): \(failure)")
      try web.expectWholeChunks(of: [bytes], "seed \(seed)")
    }
    let folder = try #require(end.folder, "seed \(seed): \(end)")
    let fetched = try web.content(folder)
    #expect(fetched == bytes, "seed \(seed)")
    let chunk = try #require(try FetchChunkManifest.read(at: folder.fetchChunkManifest(1))).csv.bytes
    #expect(
      web.server.bytesSent <= bytes.count + cuts * (chunk + 1000), "seed \(seed): \(web.server.bytesSent), \(cuts) cuts"
    )
  }

  private static func cut(_ wire: [UInt8], _ offset: Int, _ isReset: Bool) -> Attempt {
    Attempt.whole.with {
      $0.answer = .raw(wire, Content(""))
      $0.cut = isReset ? .reset(after: offset) : .close(after: offset)
    }
  }
}

extension FileScript {
  /// Applies to the next request only.
  fileprivate func plan(_ attempt: Attempt) {
    update { $0.plan = Array(repeating: .whole, count: $0.attempts) + [attempt] }
  }

  fileprivate func plan(_ attempts: [Attempt], from request: Int) {
    update { $0.plan = Array(repeating: .whole, count: request) + attempts }
  }
}
