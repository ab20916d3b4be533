import Glibc
import Postgres
import SeededRandom
import Spool
import TestCluster
import TestSupport
import Testing

/// Every kind of damage to every kind of file in a snapshot, with every command: the damage is reported with the file's
/// name, or does not matter. Nothing outside the spool is touched, memory use is independent of the sizes in a file, no
/// registry is changed, and the command in the hint restores the files byte for byte.
@Suite(.enabled(if: TestCluster.isAvailable, "\(TestCluster.unavailable ?? "")"))
struct DamageTableTests {
  private static let secret = "outside-the-spool-7c1"

  enum Verb: String, CaseIterable {
    case transform, transformAnew, load, loadAgain, rollback, replay, status, findings, changes, gc
  }

  @Test(arguments: SpoolKind.allCases)
  func damageIsReportedAndRepaired(_ kind: SpoolKind) throws {
    try TestDatabase.with { fresh in
      try TestDatabase.with { back in
        try TestDatabase.with { forward in
          var table = try DamageTable(fresh: fresh.url, back: back.url, forward: forward.url, secret: Self.secret)
          for harm in SpoolHarm.allCases where harm.suits(kind) { try table.go(through: kind, harm) }
          #expect(table.isUntouched)
          try table.expectSameRegistries()
          #expect(table.runs >= 10)
        }
      }
    }
  }
}

/// One damaged snapshot and three databases: the first has yet to load it, the second has rolled it back, and in the
/// third it is published.
private struct DamageTable {
  let days: TwoDays
  let urls: (fresh: String, back: String, forward: String)
  let secret: String
  let canary: String
  let pristine: String
  let original: [String: String]
  let jobs: (other: Int, folder: Int)
  let before: [[String]]
  let sheet: String
  private(set) var runs = 0
  private var turn = Int.random(in: 0..<16)

  init(fresh: String, back: String, forward: String, secret: String) throws {
    days = try TwoDays()
    urls = (fresh, back, forward)
    self.secret = secret
    canary = days.workshop.file(secret + "\n", "canary")
    try days.succeed(fresh, days.arguments(.bulk))
    for way in Way.allCases { try days.succeed(back, days.arguments(way)) }
    // The change-feed files in the spool are those of the database that was loaded last.
    for way in [Way.bulk, .reconcile] { try days.succeed(forward, days.arguments(way)) }
    var session = try TestDatabase.open(forward)
    let ids = try session.execute("SELECT job_run_id FROM publication ORDER BY id").values.map { Int($0[0] ?? "") ?? 0 }
    jobs = (ids[0], ids[1])
    // Writes an acceptance file.
    let second = days.second.id.description
    let accept = ["--snapshot", second, "--max-rejects", "0", "--accept", "known"]
    try #require(days.workshop.command("transform", accept).run().code == 0)
    sheet = days.workshop.file(
      ([Days.header] + [Days.record(Days.validBANs[50], "改正")]).joined(separator: "\n") + "\n", "sheet.csv")
    original = try files(days.second.path)
    pristine = days.workshop.scratch.path + "/pristine"
    try Files.copy(days.second.path, to: pristine)
    before = try [fresh, back, forward].map(Holdings.published)
  }

  var isUntouched: Bool {
    String(decoding: ScratchFolder.read(canary) ?? [], as: UTF8.self) == secret + "\n"
  }

  mutating func go(through kind: SpoolKind, _ harm: SpoolHarm) throws {
    let damage = SpoolDamage(
      kind: kind, harm: harm, folder: days.second, other: days.first, jobs: jobs, canary: canary)
    guard damage.isPossible else { return }
    for verb in verbs() where mayBeTried(verb, kind, harm) {
      runs += 1
      let what = "\(kind) \(harm), \(verb)"
      try damage.inflict()
      let ended = try run(verb)
      #expect([0, 65, 66].contains(ended.code), "\(what): \(ended)")
      #expect(!mustTell(verb, kind, harm) || ended.code != 0, "\(what) did not notice: \(ended)")
      #expect(ended.peakBytes < 192 << 20, "\(what) took \(ended.peakBytes) bytes")
      #expect(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "\(what): \(ended)")
      if ended.code != 0 {
        #expect(
          ended.stderr.contains(days.second.id.description) && ended.stderr.contains("HINT: "), "\(what): \(ended)")
        try mend(ended, kind, harm, what)
      }
      try restore()
    }
  }

  /// Checks that readers still see the same data.
  func expectSameRegistries() throws {
    let after = try [urls.fresh, urls.back, urls.forward].map(Holdings.published)
    for (now, then) in zip(after, before) {
      let differences = now.difference(from: then).prefix(6).map { "\($0)" }
      #expect(differences == [])
    }
  }

  /// Returns one of the two commands that read most, and the others in turn.
  private mutating func verbs() -> [DamageTableTests.Verb] {
    let all = DamageTableTests.Verb.allCases
    if Drawn.areAll { return all }
    turn += 1
    return [
      turn.isMultiple(of: 2) ? .transform : .load,
      all.filter { $0 != .transform && $0 != .load }[turn % (all.count - 2)],
    ]
  }

  /// Returns false for commands that may not notice the damage and would publish the snapshot.
  private func mayBeTried(_ verb: DamageTableTests.Verb, _ kind: SpoolKind, _ harm: SpoolHarm) -> Bool {
    switch verb {
    case .load, .rollback: mustTell(verb, kind, harm)
    case .replay: mustTell(verb, kind, harm)
    default: true
    }
  }

  /// Returns whether the command reads the file and must report the damage.
  private func mustTell(_ verb: DamageTableTests.Verb, _ kind: SpoolKind, _ harm: SpoolHarm) -> Bool {
    // A changed bit in a text that is not compared with anything does not matter, and neither does a valid manifest of
    // another snapshot.
    let isPlausible = [.flipped, .swapped].contains(harm)
    let isMadeAgain = harm == .gone
    switch (verb, kind) {
    case (.load, .fetch), (.rollback, .fetch), (.replay, .fetch): return !isPlausible && !isLie(harm)
    case (.load, .transform), (.rollback, .transform), (.replay, .transform): return !isPlausible && !isLie(harm)
    case (.load, .transformChunk), (.rollback, .transformChunk), (.replay, .transformChunk): return true
    case (.load, .registrations), (.rollback, .registrations): return true
    case (.load, .industries), (.rollback, .industries): return true
    case (.load, .findings), (.rollback, .findings): return true
    case (.transform, .fetch): return !isPlausible && !isLie(harm)
    case (.transform, .fetchChunk), (.transform, .csv): return true
    case (.transform, .transform): return !isPlausible && !isMadeAgain && !isLie(harm)
    case (.transform, .transformChunk): return !isMadeAgain && !isPlausible && !isLie(harm)
    case (.transform, .registrations), (.transform, .industries), (.transform, .findings): return true
    case (.findings, .findings): return true
    default: return false
    }
  }

  private func isLie(_ harm: SpoolHarm) -> Bool {
    [.moreRecords, .otherDigest, .climbingName, .absoluteName, .hugeSize, .negativeSize].contains(harm)
  }

  private func run(_ verb: DamageTableTests.Verb) throws -> Ended {
    let second = days.second.id.description
    switch verb {
    case .transform: return try days.workshop.run("transform", "--snapshot", second, "--max-rejects", "100%")
    case .transformAnew: return try days.workshop.run("transform", "--snapshot", second, "--max-rejects", "0")
    case .load: return try days.load(urls.fresh, ["--snapshot", second])
    case .loadAgain: return try days.load(urls.forward, ["--snapshot", second])
    case .rollback: return try days.load(urls.back, ["rollback", second])
    case .replay: return try days.load(urls.forward, ["replay", sheet])
    case .status: return try days.load(urls.forward, ["status"])
    case .findings: return try days.workshop.run("transform", "findings", "--snapshot", second)
    case .changes: return try days.load(urls.forward, ["changes"])
    case .gc: return try days.load(urls.forward, ["gc"])
    }
  }

  /// Runs the command in the hint, and the commands in its hints in turn.
  private func mend(_ ended: Ended, _ kind: SpoolKind, _ harm: SpoolHarm, _ what: String) throws {
    var told = ended
    for _ in 1...4 {
      guard told.code != 0 else { break }
      let hint = told.stderr.split(separator: "\n").last { $0.hasPrefix("HINT: ") } ?? ""
      if hint.contains("remove it") { try Folder.remove(kind.path(days.second, job: jobs.folder)) }
      guard let start = hint.firstRange(of: "./pipeline.sh ")?.upperBound else {
        #expect(harm == .higherFormat || kind == .accepted, "\(what) gives no command: \(told)")
        return
      }
      let words = hint[start...].prefix { $0 != "'" }.split(separator: " ").map(String.init)
      // A snapshot that is refused for its records needs no repair.
      if words.contains("--accept") { return }
      if words[0] == "fetch" { return try fetchAgain(Array(words.dropFirst()), what) }
      told = try days.workshop.command(words[0], words.dropFirst() + ["--max-rejects", "100%"]).run()
      if told.code == 0 {
        told = try days.workshop.run("transform", "--snapshot", days.second.id.description, "--max-rejects", "100%")
      }
    }
    #expect(told.code == 0, "\(what), as the hints say: \(told)")
    // The digest of the whole source is also in transform's manifest, and only fetch verifies it.
    if kind == .fetch, harm == .otherDigest { return }
    let made = try files(days.second.path)
    let differing = original.filter { made[$0] != $1 && $0.hasPrefix("transform") }.keys
    #expect(differing.isEmpty, "\(what): \(differing)")
  }

  /// Fetches the source again, as another snapshot with the same chunks.
  private func fetchAgain(_ words: [String], _ what: String) throws {
    let again = try days.workshop.command("fetch", ["--source", days.source, "--chunk-size", "40"] + words).run()
    #expect(again.code == 0, "\(what), as the hint says: \(again)")
    let newest = try #require(try days.workshop.snapshots.last)
    let transformed = try days.workshop.run("transform", "--max-rejects", "100%")
    #expect(transformed.code == 0, "\(what): \(transformed)")
    let made = try files(newest.path)
    let differing = original.filter { name, digest in
      made[name] != digest && (name.hasPrefix("fetch/") || name.hasPrefix("transform"))
    }.keys
    #expect(differing.isEmpty, "\(what): \(differing)")
    if newest != days.second { try Folder.remove(newest.path) }
  }

  private func restore() throws {
    try Folder.remove(days.second.path)
    try Files.copy(pristine, to: days.second.path)
  }
}
