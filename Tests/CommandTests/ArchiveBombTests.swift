import ArchiveBuilder
import TestSupport
import Testing

/// Small archives with endless content end at --max-bytes, in little memory.
@Suite struct ArchiveBombTests {
  enum Form: String, Sendable, CaseIterable { case zip, secondFile, gzip, zstd }

  @Test(arguments: Form.allCases) func aBombIsRefusedInLittleMemory(_ form: Form) throws {
    let head = Array("統一編號,營業人名稱\n".utf8)
    let record = Array("04595257,甲十一\n".utf8)
    let block = (0..<(1 << 20) / record.count).flatMap { _ in record }
    let times = 400
    let bomb = ZipMemberBuilder("a.csv", []).with {
      $0.data = Deflate.compress(head, then: block, times: times)
      let (compressed, bytes) = ($0.data.count, head.count + times * block.count)
      $0.setBoth { ($0.compressedBytes, $0.bytes) = (compressed, bytes) }
    }
    let archive =
      switch form {
      case .zip: ZipBuilder([bomb]).bytes
      case .secondFile: ZipBuilder([ZipMemberBuilder("readme.txt", []), bomb]).bytes
      case .gzip: GzipBuilder.bomb(head, then: block, times: times)
      case .zstd: ZstdBuilder.stream(head, then: block, times: times)
      }
    let sandbox = CommandSandbox()
    let source = sandbox.file(archive, "source")
    let running = try sandbox.command("fetch", ["--source", source, "--max-bytes", "100000000"], ["JOBS": "2"]).start()
    let ended = try running.wait(seconds: 120, lookingEvery: 1)
    expect(ended, from: "fetch", fails: 65, saying: "more than --max-bytes 100000000")
    // Less than its content, and no more than a CSV needs.
    #expect((1...160 << 20).contains(ended.peakBytes), "\(ended.peakBytes) bytes")
    #expect(try sandbox.snapshots.isEmpty)
  }
}
