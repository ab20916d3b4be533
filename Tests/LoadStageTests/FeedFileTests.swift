import CommandKit
import Foundation
import LoadStage
import Spool
import Testing
import Zstd

@Suite("Change-feed files", .needsServer)
struct FeedFileTests {
  /// Loads two days and passes the paths of the second day's change-feed file and its manifest.
  private func withTwoDays(
    _ body: (LoadHarness, _ second: SnapshotFolder, _ job: Int, _ changes: String, _ manifest: String) throws -> Void
  ) throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(40))
      var rows = Array(businesses(45).dropFirst(5))
      rows[7].name = "a \"b\" \\ \n \u{1}\u{2}\u{8}\u{B}"
      rows[8].industries = []
      rows[9].address = nil
      let second = try harness.spool.snapshot(rows, .init(sourceDate: "2026-09-02"))
      let job = try #require(try harness.load(second).jobRunID)
      try body(harness, second, job, second.changes(job), second.changesManifest(job))
    }
  }

  private func bytes(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { Array($0) } }

  private func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

  private func lines(_ path: String, bytes expected: Int) throws -> [String] {
    let compressed = try #require(bytes(path))
    var content = [UInt8](repeating: 0, count: expected)
    var decompressor = try Decompressor()
    let count = try compressed.withUnsafeBytes { compressed in
      try content.withUnsafeMutableBytes { content in try decompressor.decompress(compressed, into: content) }
    }
    #expect(count == expected)
    let text = String(decoding: content, as: UTF8.self)
    #expect(text.isEmpty || text.hasSuffix("\n"))
    return text.split(separator: "\n").map(String.init)
  }

  private func troubles(_ harness: LoadHarness) -> [String] {
    harness.log.all.compactMap { if case .trouble(let text) = $0 { text } else { nil } }
  }

  @Test("the file has the rows of registration_change, one per line and in order")
  func content() throws {
    try withTwoDays { harness, second, job, changes, manifest in
      let read = try #require(try ChangesManifest.read(at: manifest))
      #expect(read.jobRunID == job)
      #expect(read.runID == "run-\(second.id)")
      #expect(read.action == "load")
      #expect(read.sourceDate == "2026-09-02")
      #expect(read.changes.name == SnapshotFolder.changesName(job))
      #expect(read.changes.compressedBytes == bytes(changes)?.count)

      let lines = try lines(changes, bytes: read.changes.bytes)
      let table = try harness.database.rows(
        """
        SELECT row_to_json(c) FROM (
          SELECT job_run_id, source_date, ban, kind, reason, changed_columns, before, after
          FROM registration_change WHERE job_run_id = \(job) ORDER BY ban
        ) AS c
        """)
      #expect(lines == table)
      #expect(lines.count == 13)
      #expect(read.changes.records == 13)
      // Each line is a row of the table, also with control characters.
      for line in lines {
        let isRow = try harness.database.execute(
          """
          SELECT EXISTS (
            SELECT FROM registration_change c, json_to_record($1::json)
              AS l (job_run_id bigint, ban text, kind text, reason text, changed_columns text[], before jsonb, after jsonb)
            WHERE (c.job_run_id, c.ban, c.kind, c.changed_columns) = (l.job_run_id, l.ban, l.kind, l.changed_columns)
              AND (c.reason, c.before, c.after) IS NOT DISTINCT FROM (l.reason, l.before, l.after))
          """, [line])
        #expect(isRow.truth, "\(line)")
      }
    }
  }

  @Test("the first publication has an empty file")
  func base() throws {
    try LoadHarness.with { harness in
      let first = try harness.spool.snapshot(businesses(5))
      let job = try #require(try harness.load(first).jobRunID)
      let manifest = try #require(try ChangesManifest.read(at: first.changesManifest(job)))
      #expect(manifest.changes.records == 0)
      #expect(try lines(first.changes(job), bytes: manifest.changes.bytes) == [])
    }
  }

  enum Harm: String, CaseIterable { case noFile, noManifest, neither, noFolder, shortFile, otherRun, garbledManifest }

  private func harm(_ harm: Harm, _ changes: String, _ manifest: String) throws {
    switch harm {
    case .noFile: try remove(changes)
    case .noManifest: try remove(manifest)
    case .neither:
      try remove(changes)
      try remove(manifest)
    case .noFolder: try remove(Folder.of(changes))
    case .shortFile: try Data(try #require(bytes(changes)).dropLast()).write(to: URL(fileURLWithPath: changes))
    case .otherRun:
      var other = try #require(try ChangesManifest.read(at: manifest))
      other.runID = "a run of another database"
      try other.publish(at: manifest)
    case .garbledManifest: try Data("{".utf8).write(to: URL(fileURLWithPath: manifest))
    }
  }

  @Test("the next load writes a missing or damaged file again, byte for byte", arguments: Harm.allCases)
  func rebuilt(_ harm: Harm) throws {
    try withTwoDays { harness, second, _, changes, manifest in
      let before = [bytes(changes), bytes(manifest)]
      // A load with nothing else to do, and one that publishes another snapshot.
      for next in [second, try harness.spool.snapshot(businesses(41), .init(sourceDate: "2026-09-03"))] {
        try self.harm(harm, changes, manifest)
        let outcome = try harness.load(next)
        #expect((outcome.result == .unchanged) == (next == second))
        #expect([bytes(changes), bytes(manifest)] == before)
      }
      #expect(troubles(harness) == [])
    }
  }

  @Test("an intact file is not written again")
  func leftAlone() throws {
    try withTwoDays { harness, second, _, changes, manifest in
      func inode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
      }
      let before = try [inode(changes), inode(manifest)]
      try harness.load(second)
      try harness.load(second) { $0.force = true }
      #expect(try [inode(changes), inode(manifest)] == before)
      // The forced load has its own file and manifest.
      #expect(try Folder.names(second.changesFolder).count == 4)
    }
  }

  @Test("no file is written for an expired feed: an empty file would mean that nothing changed")
  func expired() throws {
    try withTwoDays { harness, second, _, changes, manifest in
      var limits = RetentionLimits()
      limits.feedDays = 0
      _ = try Cleanup.run(harness.database.url, spool: harness.spool.path, limits, lockGraceSeconds: 60, stop: {})
      try remove(changes)
      try remove(manifest)
      try harness.load(second)
      #expect(bytes(changes) == nil)
      #expect(bytes(manifest) == nil)
    }
  }

  @Test("if the file cannot be written, the load reports it and publishes; the next load writes the file")
  func unwritable() throws {
    try LoadHarness.with { harness in
      try harness.load(businesses(10))
      let rows = businesses(11)
      let second = try harness.spool.snapshot(rows, .init(sourceDate: "2026-09-02"))
      // A file in place of the folder stops every user, root included.
      try Data().write(to: URL(fileURLWithPath: second.changesFolder))
      let outcome = try harness.load(second)
      #expect(outcome.result == .published)
      #expect(outcome.counts.kinds == ["added": 1])
      try harness.expect(rows)
      #expect(try harness.jobs().last == "success|-")
      #expect(troubles(harness).count == 1)
      #expect(troubles(harness).first?.contains(second.changesFolder) == true)

      try remove(second.changesFolder)
      #expect(try harness.load(second).result == .unchanged)
      #expect(troubles(harness).count == 1)
      let job = try #require(outcome.jobRunID)
      #expect(try ChangesManifest.read(at: second.changesManifest(job))?.changes.records == 1)
    }
  }

  @Test("a snapshot whose file cannot be written does not affect the files of others")
  func oneInTheWay() throws {
    try LoadHarness.with { harness in
      let first = try harness.spool.snapshot(businesses(10))
      try Data().write(to: URL(fileURLWithPath: first.changesFolder))
      try harness.load(first)
      let second = try harness.spool.snapshot(businesses(11), .init(sourceDate: "2026-09-02"))
      let job = try #require(try harness.load(second).jobRunID)
      #expect(try ChangesManifest.read(at: second.changesManifest(job))?.changes.records == 1)
      #expect(troubles(harness).count == 2)
    }
  }
}
