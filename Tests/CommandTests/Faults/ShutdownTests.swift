import MalformedInputs
import Postgres
import SeededRandom
import Spool
import Synchronization
import TestCluster
import TestSupport
import Testing

/// The server crashes during a load, as in a power failure.
@Suite(.enabled(if: OwnServer.isAvailable, "\(OwnServer.unavailable ?? "")"))
struct ShutdownTests {
  /// Observations at the crash of the server.
  private final class Seen: Sendable {
    let problems = Mutex<[String]>([])
    let batches = Mutex<(before: Int, after: Int)>((0, 0))

    func look(_ body: () throws -> Void) {
      do { try body() } catch { problems.withLock { $0.append("\(error)") } }
    }
  }

  private static let ledger = """
    SELECT (SELECT count(*) FROM load_batch),
      (SELECT coalesce(sum(CASE WHEN l.kind = 'bulk' THEN b.registrations ELSE b.staged END), 0)
        FROM load_batch b, current_load l)
    """

  private static func staged(_ way: Way) -> String {
    "SELECT count(*) FROM \(way == .bulk ? "tax_registration_bulk" : "incoming_registration")"
  }

  private func crash(_ server: OwnServer, _ way: Way, _ seen: Seen, startsAgain: Bool = true, mayBePublished: Bool) {
    seen.look {
      let before = try server.execute(Self.ledger).values[0]
      try server.stopImmediately()
      guard startsAgain else { return }
      try server.start()
      let after = try server.execute(Self.ledger).values[0]
      seen.batches.withLock { $0 = (Int(before[0] ?? "") ?? -1, Int(after[0] ?? "") ?? -1) }
      if mayBePublished { return }
      let staged = try server.execute(Self.staged(way)).scalar
      seen.problems.withLock { problems in
        if staged != after[1] { problems.append("\(staged ?? "-") rows are staged, the ledger says \(after)") }
        if (Int(after[0] ?? "") ?? -1) > (Int(before[0] ?? "") ?? -1) { problems.append("batches came from nowhere") }
      }
    }
  }

  @Test(arguments: Drawn.areAll ? Way.allCases : [.bulk, .reconcile])
  func aLoadSurvivesACrashAndRestartOfTheServer(_ way: Way) throws {
    let server = try OwnServer()
    var random = SeededRandom(seed: 20_260_901)
    let blocks = way == .bulk ? 24 : 12
    // Moments during the copying and the publication; those during the copying are random.
    var moments = (1...2).map { _ in ("rows", FaultyWire.Moment.rows(1 + Int(random.next() % UInt64(blocks))), false) }
    if way == .bulk {
      moments += [
        ("the indexes", .statement("CREATE UNIQUE INDEX"), false),
        ("the foreign key", .statement("ALTER TABLE business_industry_bulk ADD CONSTRAINT business_industry_b"), false),
      ]
    }
    if way == .reconcile { moments += [("the feed", .statement("INSERT INTO registration_change"), false)] }
    moments += [("the COMMIT", .publishingCommit, false), ("its answer", .publishingCommit, true)]
    if !Drawn.areAll {
      moments.removeAll { $0.0 == (way == .bulk ? "the COMMIT" : "the feed") || $0.0 == "the foreign key" }
    }
    for (name, moment, isAfter) in moments.dropFirst(Drawn.areAll ? 0 : 1) {
      try server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
      let days = try TwoDays()
      try days.prepare(way, server.url())
      let seen = Seen()
      // Batches that are committed asynchronously may be lost, but only together with their rows. The stopped WAL
      // writer makes sure that some are lost.
      try server.holdWriter()
      let act: @Sendable () -> Void = { [self] in crash(server, way, seen, mayBePublished: isAfter) }
      let wire = FaultyWire(to: server.folder, at: moment, isAfter ? .after(act) : .before(act))
      let ended = try days.load(server.url(host: wire.folder), days.arguments(way) + ["--jobs", "1"])
      #expect(ended.code == 0 && wire.isOver, "\(name), \(moment), seed 20260901: \(ended)")
      #expect(seen.problems.withLock { $0 } == [], "\(name), \(moment)")
      try expectHoldings(server.url(), after: way)
      if ended.code != 0 { Issue.record("\(server.log.suffix(1500))") }
      let (before, after) = seen.batches.withLock { $0 }
      if name == "the indexes" { #expect(before == 16, "\(before)") }
      if name == "rows" || name == "the indexes" {
        #expect(before == 0 || after < before, "every batch was on the disk, so nothing is proven: \(before), \(after)")
      }
      #expect(try days.succeed(server.url(), days.arguments(way)).stdout.contains("already done"))
    }
  }

  @Test(arguments: Drawn.areAll ? [Way.bulk, .reconcile] : [.reconcile])
  func aServerThatStaysDownIs75AndTheSameCommandSucceedsLater(_ way: Way) throws {
    let server = try OwnServer()
    let days = try TwoDays()
    try days.prepare(way, server.url())
    let seen = Seen()
    let wire = FaultyWire(
      to: server.folder, at: .rows(5),
      .before { [self] in crash(server, way, seen, startsAgain: false, mayBePublished: false) })
    let ended = try days.load(server.url(host: wire.folder), days.arguments(way))
    expect(ended, from: "load", fails: 75)
    #expect(ended.stderr.count(of: "trying again in") == 3 && seen.problems.withLock { $0 } == [], "\(ended)")
    try server.start()
    let readers = try server.execute("SELECT count(*) FROM tax_registration").number
    #expect(readers == (way == .bulk ? 0 : 600))
    try days.succeed(server.url(), days.arguments(way))
    try expectHoldings(server.url(), after: way)
  }
}
