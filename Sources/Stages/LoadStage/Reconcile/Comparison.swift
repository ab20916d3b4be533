import Postgres
import Spool
import Support
import Synchronization

/// Compares the lines of a snapshot with the registry's hashes, and stages those that differ. Shared by the workers.
final class Comparison: Sendable {
  private let hashes: PublishedHashes
  private let corrections: Corrections
  /// Whether the registry was made from this very content: then nothing that differs is the source's doing.
  private let isRepair: Bool
  private let state: Mutex<State>

  private struct State {
    var seen: PlaceSet
    var part = Part()
  }

  /// What is known of some batches.
  private struct Part {
    /// Where the businesses stand, until they are marked as seen.
    var places: [Int] = []
    /// Businesses that have to be staged.
    var differing = 0
    var changed = 0
    var repairs: [UInt32] = []
    var verdicts: [UInt32: Correction.Verdict] = [:]
    var rejected: Set<UInt32> = []
  }

  init(_ hashes: PublishedHashes, _ corrections: Corrections, isRepair: Bool) {
    self.hashes = hashes
    self.corrections = corrections
    self.isRepair = isRepair
    state = Mutex(State(seen: PlaceSet(places: hashes.places)))
  }

  /// Whether a business's findings matter: rejections tell why it is missing, warnings what a correction repairs.
  func concerns(_ ban: UInt32, isError: Bool) -> Bool {
    corrections.inForce[ban] != nil || corrections.new[ban] != nil || isError && hashes.place(of: ban) != nil
  }

  /// Notes the businesses of a batch that is in already, and makes sure that those that differ are what is staged: the
  /// registry may have been edited since.
  func scan(_ file: VerifiedFile, _ findings: BatchFindings, _ session: inout Connection) throws {
    var differing: [UInt32] = []
    try compare(file, findings) { ban, _ in differing.append(ban) }
    guard !differing.isEmpty else { return }
    let staged = try session.execute(
      "SELECT count(*) FROM incoming_registration WHERE ban = ANY ($1)",
      ["{" + differing.map(BANText.text).joined(separator: ",") + "}"]
    ).number
    guard staged == differing.count else { throw Self.changed }
  }

  /// Notes the businesses of a batch.
  ///
  /// - Parameter differing: called for each that is new or differs, with its line.
  func compare(
    _ file: VerifiedFile, _ findings: BatchFindings, differing: (UInt32, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var part = Part()
    try file.readLines { line in
      guard let ban = try look(at: line, file, findings, &part) else { return }
      part.differing += 1
      try differing(ban, line)
    }
    add(part, findings)
  }

  /// Whether the registry holds the business.
  func holds(_ ban: UInt32) -> Bool { hashes.place(of: ban) != nil }

  /// Makes sure that nothing is staged but what differs.
  func checkStaged(_ session: inout Connection) throws {
    let staged = try session.execute("SELECT count(*) FROM incoming_registration").number
    guard staged == state.withLock({ $0.part.differing }) else { throw Self.changed }
  }

  private static let changed = StartOver(reason: "the registry was changed since the load began")

  /// Stages what differs.
  ///
  /// - Returns: how many businesses that is.
  func stage(
    _ snapshot: FinalizedSnapshot, _ batch: Batch, _ findings: BatchFindings, _ session: inout Connection
  ) throws -> Int {
    var part = Part()
    var differing: Set<UInt32> = []
    let registrations = snapshot.registrations(of: batch)
    try copy(registrations, into: "incoming_registration", .registration, &session) { line in
      guard let ban = try look(at: line, registrations, findings, &part) else { return false }
      differing.insert(ban)
      return true
    }
    let industries = snapshot.industries(of: batch)
    try copy(industries, into: "incoming_industry", .industry, &session) { line in
      guard let ban = BANText.parse(line) else { throw industries.damaged("it has a line without a BAN") }
      return differing.contains(ban)
    }
    part.differing = differing.count
    add(part, findings)
    return differing.count
  }

  /// - Parameter whole: whether what the snapshot lacks is gone.
  func finish(whole: Bool) -> Differences {
    state.withLock { state in
      var differences = Differences()
      differences.changed = state.part.changed
      differences.repairs = state.part.repairs
      for ban in corrections.bans {
        let category =
          state.part.verdicts[ban]
          ?? corrections.validate(ban, isRejected: state.part.rejected.contains(ban), whole: whole)
        differences.verdicts[ban] = category
        guard let wanted = corrections.contentHash(ban, category) else { continue }
        let place = hashes.place(of: ban)
        if let place { state.seen.insert(place) }
        let stored = hashes.edited[ban]
        let isSame = place.map { hashes.hash(at: $0) == wanted } ?? false
        if category == .kept, isSame, stored == nil { continue }
        differences.correctionsToStage.append(ban)
        if category == .kept, isRepair || isSame || stored == wanted { differences.repairs.append(ban) }
      }
      // What a partial snapshot lacks is not gone, but for what a correction alone had put in.
      let gone =
        whole
        ? hashes.unseen(state.seen)
        : corrections.withdrawn.filter { $1.sourceHash == nil }.keys.filter { ban in
          hashes.place(of: ban).map { !state.seen.contains($0) } ?? false
        }
      differences.removals = gone.map { ban in
        Differences.Removal(
          ban: BANText.text(ban), reason: state.part.rejected.contains(ban) ? "rejected" : "absent",
          isRepair: isRepair && corrections.withdrawn[ban] == nil && differences.verdicts[ban] == nil)
      }
      if whole { differences.removals += hashes.misfits.map { .init(ban: $0, reason: "absent", isRepair: true) } }
      return differences
    }
  }

  /// - Returns: the BAN where the line is new or differs.
  private func look(
    at line: UnsafeRawBufferPointer, _ file: VerifiedFile, _ findings: BatchFindings, _ part: inout Part
  ) throws -> UInt32? {
    guard let parsed = RegistrationLine(line) else { throw file.damaged("it has a line that is no registration") }
    let place = hashes.place(of: parsed.ban)
    if let place { part.places.append(place) }
    var isRepair = isRepair && corrections.withdrawn[parsed.ban] == nil
    if let category = corrections.validate(
      parsed.ban, accepted: parsed.contentHash, codes: findings.codes[parsed.ban] ?? [])
    {
      part.verdicts[parsed.ban] = category
      if category.holds { return nil }
      isRepair = isRepair && category == .needless
    }
    if let place {
      let stored = hashes.edited[parsed.ban]
      let isSame = hashes.hash(at: place) == parsed.contentHash
      if isSame, stored == nil { return nil }
      // The hash of a row that a hand has made like the source's is made right too: the next load goes by it.
      isRepair = isRepair || isSame || stored == parsed.contentHash
      if !isRepair { part.changed += 1 }
    }
    if isRepair { part.repairs.append(parsed.ban) }
    return parsed.ban
  }

  private func add(_ part: Part, _ findings: BatchFindings) {
    state.withLock { state in
      for place in part.places { state.seen.insert(place) }
      state.part.differing += part.differing
      state.part.changed += part.changed
      state.part.repairs += part.repairs
      state.part.verdicts.merge(part.verdicts) { $1 }
      state.part.rejected.formUnion(findings.rejected)
    }
  }

  /// Sends the lines that are `wanted`. They are written as they stand in the file.
  private func copy(
    _ file: VerifiedFile, into table: String, _ columns: RegistryTable, _ session: inout Connection,
    wanted: (UnsafeRawBufferPointer) throws -> Bool
  ) throws {
    var sent = 0
    let rows = try session.copyIn("COPY \(table) (\(columns.copyList)) FROM STDIN") { sink in
      var block: [UInt8] = []
      try file.readLines { line in
        guard try wanted(line) else { return }
        block.append(contentsOf: line)
        sent += 1
        if block.count > 1 << 16 {
          try block.withUnsafeBytes { try sink.write($0) }
          block.removeAll(keepingCapacity: true)
        }
      }
      try block.withUnsafeBytes { try sink.write($0) }
    }
    guard rows == sent else { throw file.damaged("the database took \(rows) rows instead of \(sent)") }
  }
}
