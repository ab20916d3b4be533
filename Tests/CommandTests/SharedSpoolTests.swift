import Glibc
import MalformedInputs
import ReferenceImplementation
import SeededRandom
import Spool
import TestSupport
import Testing

/// Several `transform` processes on one spool give the files of a single one.
@Suite struct SharedSpoolTests {
  /// A source with BANs repeated across chunks, and the output of a single process.
  private struct Example {
    let bytes: [UInt8]
    let expected: [String: String]

    init(rows: Int, chunkSize: Int) throws {
      bytes = try Source.generate(rows: rows, seed: 5, dirt: [.duplicate: rows / 20, .invalidBAN: 9, .invalidDate: 9])
      let single = try CommandSandbox.fetched(bytes, chunkSize: chunkSize)
      try single.succeed("transform", "--jobs", "1", "--max-rejects", "100%")
      expected = try transformed(single.snapshot())
      let manifest = try #require(try TransformManifest.read(at: single.snapshot().transformManifest))
      let observed = try ObservedOutput(single.snapshot(), manifest)
      #expect(observed.difference(from: referenceRead(bytes)) == nil)
      #expect(manifest.totals.duplicated == rows / 20)
    }
  }

  @Test func threeConcurrentShardsGiveTheFilesOfOneRun() throws {
    let example = try Example(rows: 1_500, chunkSize: 25)
    for _ in 1...3 {
      let workshop = try CommandSandbox.fetched(example.bytes, chunkSize: 25)
      let shards = try (1...3).map { try workshop.start("transform", "--shard", "\($0)/3", "--max-rejects", "100%") }
      for shard in shards {
        let ended = try shard.wait()
        #expect(ended.code == 0, "\(ended)")
      }
      #expect(try transformed(workshop.snapshot()) == example.expected)
      #expect(try workshop.markers == [])
    }
  }

  @Test func fourConcurrentProcessesGiveTheFilesOfOneRun() throws {
    let example = try Example(rows: 1_500, chunkSize: 25)
    for _ in 1...3 {
      let workshop = try CommandSandbox.fetched(example.bytes, chunkSize: 25)
      let processes = try (1...4).map { _ in try workshop.start("transform", "--max-rejects", "100%") }
      for process in processes {
        let ended = try process.wait()
        #expect(ended.code == 0, "\(ended)")
        #expect(!ended.stderr.contains("was killed"), "\(ended)")
        #expect(try SpoolFile.size(workshop.snapshot().transformManifest) != nil, "not finalized at its end")
      }
      #expect(try transformed(workshop.snapshot()) == example.expected)
      #expect(try workshop.markers == [])
    }
  }

  /// Processes are killed at a chunk, and before the snapshot is finalized.
  @Test func afterSIGKILLTheNextRunGivesTheFilesOfOneRun() throws {
    let example = try Example(rows: 1_500, chunkSize: 25)
    let workshop = try CommandSandbox.fetched(example.bytes, chunkSize: 25)
    let snapshot = try workshop.snapshot()
    mkdir(snapshot.transformFolder, 0o755)
    for (lock, done) in [(snapshot.chunkLock(7), 62), (snapshot.chunkLock(1), 62), (snapshot.finalizeLock, 63)] {
      // The held lock stops it: one chunk is not validated, or all are validated and not finalized. Workers share the
      // last lock.
      try FileLock.lock(lock, shared: lock == snapshot.finalizeLock).hold {
        let running = try workshop.start("transform", "--max-rejects", "100%", variables: ["JOBS": "2"])
        try running.wait(until: "\(done) chunks are validated") { try manifests(snapshot.transformFolder) >= done }
        running.kill(SIGKILL)
        #expect(try running.wait().signal == SIGKILL)
      }
      #expect(try SpoolFile.size(snapshot.transformManifest) == nil)
      if lock == snapshot.chunkLock(7) { unlink(snapshot.transformChunkManifest(1)) }
    }
    try workshop.succeed("transform", "--max-rejects", "100%")
    #expect(try transformed(snapshot) == example.expected)
  }

  @Test func killsAtAnyMomentDoNotChangeTheResult() throws {
    let example = try Example(rows: 3_000, chunkSize: 20)
    for seed in UInt64(1)...3 {
      var random = SeededRandom(seed: seed)
      let workshop = try CommandSandbox.fetched(example.bytes, chunkSize: 20)
      let snapshot = try workshop.snapshot()
      for _ in 1...4 {
        let goal = Int(random.next() % 160)
        let running = try workshop.start("transform", "--max-rejects", "100%", "--jobs", "\(1 + goal % 3)")
        try? running.wait(until: "\(goal) chunks are validated") { try manifests(snapshot.transformFolder) >= goal }
        running.kill(SIGKILL)
        _ = try running.wait()
      }
      try workshop.succeed("transform", "--max-rejects", "100%")
      #expect(try transformed(snapshot) == example.expected, "seed \(seed)")
      #expect(try workshop.markers == [])
    }
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func aSignalStopsAProcessThatWaitsForALock(_ signal: Int32) throws {
    let workshop = try CommandSandbox.fetched(Array(Source.plain(rows: 20).utf8), chunkSize: 5)
    let snapshot = try workshop.snapshot()
    mkdir(snapshot.transformFolder, 0o755)
    for (lock, done) in [(snapshot.chunkLock(2), 3), (snapshot.finalizeLock, 4)] {
      try FileLock.lock(lock, shared: lock == snapshot.finalizeLock).hold {
        let running = try workshop.start("transform")
        try running.wait(until: "it works, and \(done) chunks are validated") {
          try running.stderr.contains("etl_started") && manifests(snapshot.transformFolder) >= done
        }
        running.kill(signal)
        let ended = try running.wait(seconds: 20)
        #expect(ended.code == 128 + signal, "\(ended)")
      }
    }
    #expect(try SpoolFile.size(snapshot.transformManifest) == nil)
    try workshop.succeed("transform")
  }
}

extension CommandSandbox {
  /// Returns a sandbox with a fetched snapshot of a source.
  static func fetched(_ bytes: [UInt8], chunkSize: Int) throws -> CommandSandbox {
    let workshop = CommandSandbox()
    try workshop.succeed("fetch", "--source", workshop.file(bytes), "--chunk-size", "\(chunkSize)")
    return workshop
  }
}
