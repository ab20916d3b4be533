import Foundation
import LoadStage
import Spool
import Support
import TestCluster
import Testing

@Suite("A snapshot that does not match its manifests", .needsServer)
struct DamageTests {
  enum File: String, CaseIterable { case registrations, industries, findings }
  enum Harm: String, CaseIterable { case flippedBit, extraRow, missingRow, cut, gone, link, garbage }

  private func path(_ snapshot: SnapshotFolder, _ file: File, _ chunk: Int) -> String {
    switch file {
    case .registrations: snapshot.registrations(chunk)
    case .industries: snapshot.industries(chunk)
    case .findings: snapshot.findings(chunk)
    }
  }

  private func harm(_ path: String, _ harm: Harm) throws {
    let url = URL(fileURLWithPath: path)
    var bytes = Array(try Data(contentsOf: url))
    let firstLine = (bytes.firstIndex(of: UInt8(ascii: "\n")) ?? 0) + 1
    switch harm {
    case .flippedBit: bytes[bytes.count - 3] ^= 1
    case .extraRow: bytes += bytes[..<firstLine]
    case .missingRow: bytes.removeFirst(firstLine)
    case .cut: bytes.removeLast()
    case .garbage: bytes = bytes.map { _ in UInt8(ascii: "\t") }
    case .gone, .link: break
    }
    try FileManager.default.removeItem(at: url)
    if harm == .link { try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd") }
    if harm != .gone && harm != .link { try Data(bytes).write(to: url) }
  }

  @Test("a file that transform replaces during the load is a retryable error, not damage")
  func replacedMeanwhile() throws {
    try LoadHarness.with { harness in
      let snapshot = try harness.spool.snapshot(businesses(25))
      let failure = #expect(throws: Failure.self) {
        try harness.load(snapshot) {
          $0.atPoints { point in
            guard point == .jobOpened else { return }
            unlink(snapshot.transformManifest)
            unlink(snapshot.registrations(2))
          }
        }
      }
      #expect(failure?.category == .temporary)
      #expect(failure?.message.contains("transform replaced the files") == true, "\(failure?.message ?? "")")
    }
  }

  @Test("a damaged file is named: 65, and nothing is published", arguments: Harm.allCases)
  func damagedFile(_ harm: Harm) throws {
    for firstLoad in [true, false] {
      for file in File.allCases {
        try LoadHarness.with { harness in
          let before = firstLoad ? [] : businesses(4)
          if !firstLoad { try harness.load(before) }
          let rows = businesses(25)
          let finding =
            #"{"record":1,"line":3,"byte_offset":9,"code":"X","severity":"warning","column":null,"message":"m","raw":"r"}"#
          let snapshot = try harness.spool.snapshot(rows, .init(findings: [2: [finding, finding]]))
          let path = path(snapshot, file, 2)
          let good = try Data(contentsOf: URL(fileURLWithPath: path))
          try self.harm(path, harm)
          let failure = try harness.failure(snapshot)
          #expect(failure.category == .data, "\(file) \(harm)")
          #expect(failure.message.contains(path), "\(failure)")
          if harm != .link {
            #expect(failure.hints == ["./pipeline.sh transform --snapshot \(snapshot.id) --chunk 2 --force"])
          }
          #expect(harness.log.retries == 0)
          #expect(try harness.registry() == LoadHarness.expected(before))
          #expect(try harness.jobs().last == "failed|\(failure.message)")
          // With the file restored, the load succeeds.
          try SpoolFile.remove(path)
          try good.write(to: URL(fileURLWithPath: path))
          try harness.load(snapshot)
          try harness.expect(rows)
        }
      }
    }
  }

  @Test("damaged manifests and manifests of a higher format: 65")
  func manifests() throws {
    try LoadHarness.with { harness in
      func edit(_ path: String, _ from: String, _ to: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(from))
        try text.replacingOccurrences(of: from, with: to).write(toFile: path, atomically: true, encoding: .utf8)
      }
      let rows = businesses(15)
      var snapshot = try harness.spool.snapshot(rows)
      try edit(snapshot.transformChunkManifest(2), "\"processed\" : 5", "\"processed\" : 4")
      var failure = try harness.failure(snapshot)
      #expect(failure.category == .data)
      #expect(failure.message.contains(snapshot.transformChunkManifest(2)))

      snapshot = try harness.spool.snapshot(rows)
      try edit(snapshot.transformManifest, "\"format\" : 1", "\"format\" : 2")
      #expect(try harness.failure(snapshot).category == .data)

      snapshot = try harness.spool.snapshot(rows)
      try edit(snapshot.transformManifest, "\"processed\" : 15", "\"processed\" : 14")
      #expect(try harness.failure(snapshot).category == .data)

      snapshot = try harness.spool.snapshot(rows)
      try edit(snapshot.transformManifest, "000002.json", "../../etc/passwd")
      #expect(try harness.failure(snapshot).category == .data)
      failure = try harness.failure(snapshot)
      #expect(failure.hints.first?.description.contains("./pipeline.sh transform") == true)
      // None of these loads opened a job run.
      #expect(try harness.database.scalar("SELECT to_regclass('etl_job_run')") == nil)
    }
  }

  @Test("a snapshot that is not finalized is not loaded: 66")
  func notFinalized() throws {
    try LoadHarness.with { harness in
      let snapshot = try harness.spool.snapshot(businesses(5))
      let transform = try #require(try TransformManifest.read(at: snapshot.transformManifest))
      var other = transform
      other.input.sha256 = String(repeating: "0", count: 64)
      try other.publish(at: snapshot.transformManifest)
      #expect(try harness.failure(snapshot).category == .notReady)
      try SpoolFile.remove(snapshot.transformManifest)
      let failure = try harness.failure(snapshot)
      #expect(failure.category == .notReady)
      #expect(failure.hints == ["run './pipeline.sh transform --snapshot \(snapshot.id)' first"])
      try SpoolFile.remove(snapshot.fetchManifest)
      #expect(try harness.failure(snapshot).category == .notReady)
    }
  }

  @Test("too many rejections, or no accepted record: 65, and the job run records the reason")
  func refused() throws {
    try LoadHarness.with { harness in
      let rows = businesses(10)
      try harness.load(rows)
      let dirty = try harness.spool.snapshot(businesses(20), .init(failed: 3))
      let failure = try harness.failure(dirty) { $0.maxRejects = .records(2) }
      #expect(failure.category == .data)
      #expect(try harness.jobs().last == "failed|\(failure.message)")
      try harness.expect(rows)
      let refused = try harness.failure(dirty) { $0.maxRejects = .percent(13) }
      #expect(refused.category == .data)
      let result = try harness.load(dirty) { $0.maxRejects = .records(3) }
      #expect(result.status == .partial)
      #expect(try harness.jobs().last == "partial|-")
      let empty = try harness.spool.snapshot([], .init(failed: 3))
      let rejected = try harness.failure(empty) { $0.maxRejects = .percent(100) }
      #expect(rejected.category == .data)
      #expect(
        try harness.database.rows(
          "SELECT records_total, records_processed, records_failed, chunk_size, data_source_url, source_date FROM etl_job_run WHERE status = 'partial'"
        )
          == ["23|20|3|10|https://example.org/data.csv|2026-09-01"])
    }
  }
}
