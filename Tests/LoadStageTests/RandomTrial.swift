import CommandKit
import LoadStage
import Spool
import TestCluster
import Testing

/// A sequence of random days; after each, the database is compared with a model.
struct RandomTrial {
  let seed: UInt64
  private(set) var harness: LoadHarness
  private var days: RandomDays
  private var model = RegistryModel()
  /// The last state of every business.
  private var former: RegistryModel.State = [:]
  private var versions: [String: Version] = [:]
  private var snapshots: [Snapshot] = []
  private var last: Snapshot?
  /// The snapshot of each publication of the model.
  private var publications: [SnapshotID] = []
  /// Calendar days around today, and the index of the source's current day.
  private let calendar: [String]
  private var today = 2
  private var step = "before the first step"

  /// A snapshot that was published.
  private struct Snapshot {
    let folder: SnapshotFolder
    let state: RegistryModel.State
    let isWhole: Bool
  }

  /// When and by which transaction a row was written.
  private struct Version: Equatable {
    let createdAt: String
    let transaction: String
    /// The table's OID, which changes with each rebuild.
    let table: String
  }

  init(seed: UInt64, _ harness: LoadHarness) throws {
    self.seed = seed
    self.harness = harness
    days = RandomDays(seed: seed)
    // Tables are never rebuilt, often, or for every change.
    self.harness.rebuildShareMin = days.random.pick([nil, 0.15, 0])
    // Contains today: a publication without a source date counts from the day of its publication.
    calendar = try harness.database.rows(
      "SELECT ((now() AT TIME ZONE 'Asia/Taipei')::date + n)::date FROM generate_series(-6, 20) AS n")
  }

  mutating func run(steps: Int) throws {
    // Tables with dependent objects are filled in another way.
    if days.random.chance(30) { try harness.hangAView() }
    try day(days.first(), isWhole: !days.random.chance(20))
    for number in 1...steps {
      let choice = days.random.number(1...10)
      step = "step \(number)"
      switch choice {
      case 1: try reload()
      case 2: try day(days.some(of: model.current), isWhole: false)
      case 3, 4: try rollBack()
      case 5 where number > 1: try day([:], isWhole: true)
      default: try day(days.day(after: model.current, former: former), isWhole: true)
      }
    }
    try checkHistory()
  }

  /// Seed and step, for failure messages.
  private var place: Comment { "seed \(seed), \(step)" }

  // MARK: Steps

  private mutating func day(_ state: RegistryModel.State, isWhole: Bool) throws {
    var options = TestSpool.Options()
    today += days.random.number(0...2)
    options.sourceDate = days.random.chance(25) ? nil : calendar[today]
    options.chunkSize = days.random.number(1...70)
    if !isWhole { if days.random.chance(50) { options.sample = true } else { options.limit = 1000 } }
    let what = isWhole ? "whole" : "partial"
    step += ": \(state.count) businesses of a \(what) snapshot of \(options.sourceDate ?? "no date")"
    let rows = state.keys.sorted().compactMap { state[$0] }.shuffled(using: &days.random)
    let folder = try harness.spool.snapshot(rows, options)
    guard !rows.isEmpty else {
      #expect(try harness.failure(folder).category == .data, place)
      return try checkTables()
    }
    try load(Snapshot(folder: folder, state: state, isWhole: isWhole))
    // A fresh schema takes three times as long as a load.
    if isWhole, days.random.chance(40) { try checkAgainstFreshSchema(rows) }
  }

  /// Loads the published snapshot again with force.
  private mutating func reload() throws {
    guard let last else { return }
    step += ": \(last.folder.id) again"
    try load(last) { $0.force = true }
  }

  private mutating func rollBack() throws {
    let wholes = snapshots.filter(\.isWhole)
    guard !wholes.isEmpty else { return }
    let target = days.random.pick(wholes)
    step += ": rollback to \(target.folder.id)"
    let outcome = try load(target, .rollback)
    // The newer snapshot is not loaded again unless it is named.
    guard outcome.result == .published,
      let newest = snapshots.filter({ $0.folder.id > target.folder.id }).max(by: { $0.folder.id < $1.folder.id })
    else { return }
    step += ", then \(newest.folder.id) without --snapshot"
    let untaken = try harness.load(newest.folder)
    #expect(untaken.result == .unchanged, place)
    try checkTables()
  }

  @discardableResult
  private mutating func load(
    _ snapshot: Snapshot, _ action: LoadAction = .load,
    _ change: @escaping (inout LoadSettings) -> Void = { _ in }
  ) throws -> LoadOutcome {
    let before = model.current
    let replacesSamples = snapshot.isWhole && !snapshots.contains(where: \.isWhole)
    let verify = days.random.chance(25)
    if verify { step += ", verified" }
    let change = { (settings: inout LoadSettings) in
      settings.action = action
      settings.bounds.cityLoss = 100
      settings.choice = .user
      settings.verify = verify
      settings.acceptance = .test
      change(&settings)
    }
    let check = try harness.check(snapshot.folder, change)
    let outcome = try harness.load(snapshot.folder, change)
    #expect(check.refusals == outcome.refusals && check.registrations == before.counts.registrations, place)
    #expect(check.isUnchanged == (outcome.result == .unchanged), place)
    // The first publication starts the feed: the check counts all its businesses as added.
    if replacesSamples {
      model.forget()
      publications = []
      versions = [:]
    }
    let added = model.published.isEmpty ? ChangeCounts(added: snapshot.state.count) : outcome.counts
    #expect(check.changes == added, place)
    let next = snapshot.isWhole ? snapshot.state : before.merging(snapshot.state) { $1 }
    #expect(outcome.repaired == 0 && outcome.repairedBANs == [], place)
    // The gate's shares apply only to larger registries. It still refuses a sample after a whole snapshot, a missing
    // date, and dates after today.
    let isKnown = outcome.refusals.allSatisfy {
      $0.hasPrefix("it is ") || $0.hasPrefix("it has no source date") || $0.hasSuffix(" days in the future")
    }
    #expect(isKnown, place)
    #expect(outcome.before == before.counts, place)
    #expect(outcome.after == next.counts, place)
    guard outcome.result == .published else {
      #expect(images(next.values) == images(before.values), place)
      try checkTables()
      return outcome
    }
    let target = action == .rollback ? publications.lastIndex(of: snapshot.folder.id) : nil
    let rows = model.publish(next, job: try #require(outcome.jobRunID, place), rollbackTo: target)
    publications.append(snapshot.folder.id)
    former.merge(next) { $1 }
    last = snapshot
    if !snapshots.contains(where: { $0.folder == snapshot.folder }) { snapshots.append(snapshot) }
    if model.published.count == 1 { try keepBase() }
    checkCounts(outcome, rows, snapshot)
    try checkTables()
    try checkVersions(rows)
    try checkFeed()
    return outcome
  }

  // MARK: Checks

  private func checkTables() throws {
    #expect(try harness.database.images() == images(model.current.values), place)
    let hashes = try harness.database.rows("SELECT ban, content_hash FROM tax_registration ORDER BY ban")
    #expect(hashes == model.current.keys.sorted().map { "\($0)|\(model.current[$0]?.contentHash ?? 0)" }, place)
  }

  /// Compares all columns that depend only on the snapshot, such as the content hash, with a fresh load.
  private func checkAgainstFreshSchema(_ rows: [Business]) throws {
    let fresh = try LoadHarness.with { fresh in
      try fresh.load(rows)
      return try fresh.database.content()
    }
    #expect(try harness.database.content() == fresh, place)
  }

  private func checkCounts(_ outcome: LoadOutcome, _ rows: [FeedRow], _ snapshot: Snapshot) {
    func tally(_ names: [String]) -> [String: Int] { names.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
    let kinds = tally(rows.map(\.kind))
    #expect(outcome.counts.kinds == kinds, place)
    #expect(outcome.counts.reasons == tally(rows.compactMap(\.reason)), place)
    #expect(outcome.counts.columns == tally(rows.flatMap(\.changedColumns)), place)
    guard model.published.count > 1 else { return }
    #expect(outcome.changes.inserted == kinds["added", default: 0] + kinds["reappeared", default: 0], place)
    #expect(outcome.changes.updated == kinds["changed", default: 0], place)
    #expect(outcome.changes.removed == kinds["removed", default: 0], place)
    #expect(
      outcome.changes.unchanged == snapshot.state.count - outcome.changes.inserted - outcome.changes.updated, place)
  }

  /// Checks that a business keeps its created_at, and that rows outside the feed were not written.
  private mutating func checkVersions(_ rows: [FeedRow]) throws {
    let named = Set(rows.map(\.ban))
    for row in try harness.database.execute("SELECT ban, created_at, xmin, tableoid FROM tax_registration").values {
      let ban = row[0] ?? ""
      let version = Version(createdAt: row[1] ?? "", transaction: row[2] ?? "", table: row[3] ?? "")
      if let before = versions[ban] {
        #expect(version.createdAt == before.createdAt, "\(ban), \(place)")
        if version.table == before.table {
          #expect((version.transaction == before.transaction) == !named.contains(ban), "\(ban), \(place)")
        }
      }
      versions[ban] = version
    }
    versions = versions.filter { model.firstSeen[$0.key] != nil }
  }

  private func checkFeed() throws {
    #expect(try harness.database.feed() == model.feed, place)
    // Applied to the base, the feed gives the registry; and each row's `before` is the `after` of the row before it.
    let broken = try harness.database.rows(
      """
      WITH step AS (
        SELECT ban, 0 AS job_run_id, NULL::jsonb AS before, image AS after FROM base
        UNION ALL SELECT ban, job_run_id, before, after FROM registration_change
      ), folded AS (
        SELECT DISTINCT ON (ban) ban, after AS image FROM step ORDER BY ban, job_run_id DESC
      ), registry AS (
        SELECT ban, \(TestDatabase.image) AS image FROM tax_registration r
      )
      SELECT 'folded', ban FROM (SELECT * FROM folded WHERE image IS NOT NULL) f FULL JOIN registry r USING (ban)
      WHERE f.image IS DISTINCT FROM r.image
      UNION ALL
      SELECT 'chain', ban FROM (
        SELECT *, lag(after) OVER (PARTITION BY ban ORDER BY job_run_id) AS left_by_last FROM step
      ) s WHERE before IS DISTINCT FROM left_by_last
      """)
    #expect(broken == [], place)
  }

  private func keepBase() throws {
    try harness.database.execute(
      "DROP TABLE IF EXISTS base; CREATE TABLE base AS SELECT ban, \(TestDatabase.image) AS image FROM tax_registration r"
    )
  }

  private mutating func checkHistory() throws {
    step = "at the end"
    let publications = try harness.database.execute("SELECT job_run_id, as_of_date FROM publication ORDER BY id").values
    try #require(publications.map { $0[0] ?? "" } == model.published.map { "\($0.job)" }, place)
    let asOf = publications.map { $0[1] ?? "" }
    try harness.database.expectAnalysis(model, days: calendar, asOf: asOf, bans: days.bans, place)
    let answered = calendar.filter { day in asOf.contains { $0 <= day } }
    let answers = try harness.database.images(asOf: answered)
    for day in answered {
      let last = zip(publications, model.published).reversed().first { row, _ in (row[1] ?? "") <= day }
      let state = last?.1.state ?? [:]
      #expect(answers[day, default: []] == images(state.values), "as of \(day), \(place)")
    }
    #expect(try harness.database.history(days.bans) == days.bans.flatMap(model.history), place)
  }
}

extension ChangeCounts {
  fileprivate init(added: Int) {
    self.init()
    kinds["added"] = added
  }
}
