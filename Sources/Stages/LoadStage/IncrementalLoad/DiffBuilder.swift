import Postgres
import Spool
import Support
import Synchronization

/// Compares the lines of a snapshot with the registry's hashes and stages those that differ. The workers share it.
final class DiffBuilder: Sendable {
  private let hashes: PublishedHashes
  private let corrections: Corrections
  /// Whether the registry was published from this same content. Then every difference was made by hand.
  private let isRepair: Bool
  private let state: Mutex<State>

  private struct State {
    var seen: SlotSet
    var part = Part()
  }

  /// Results of some batches.
  private struct Part {
    /// Slots of the businesses, until they are marked as seen.
    var slots: [Int] = []
    /// Number of businesses that have to be staged.
    var differing = 0
    var changed = 0
    var repairs: [UInt32] = []
    var resolutions: [UInt32: Correction.Resolution] = [:]
    var hidden: [UInt32] = []
    var rejected: Set<UInt32> = []
  }

  init(_ hashes: PublishedHashes, _ corrections: Corrections, isRepair: Bool) {
    self.hashes = hashes
    self.corrections = corrections
    self.isRepair = isRepair
    state = Mutex(State(seen: SlotSet(slots: hashes.slots)))
  }

  /// Whether the comparison needs a business's findings. Rejections explain why it is missing; warnings decide whether
  /// a correction ends.
  func concerns(_ ban: UInt32, isError: Bool) -> Bool {
    corrections.inForce[ban] != nil || corrections.new[ban] != nil || isError && hashes.slot(of: ban) != nil
  }

  /// Compares a batch that is already loaded, and checks that its differing businesses are staged: the registry may
  /// have been edited since.
  func scan(_ file: VerifiedFile, _ findings: BatchFindings, _ session: inout Connection) throws {
    var differing: [UInt32] = []
    try compare(file, findings) { ban, _ in differing.append(ban) }
    guard !differing.isEmpty else { return }
    let staged = try session.int(
      "SELECT count(*) FROM incoming_registration WHERE ban = ANY ($1)", [PostgresArray.of(bans: differing)])
    guard staged == differing.count else { throw Self.changed }
  }

  /// Compares a batch and notes its businesses.
  ///
  /// - Parameter differing: called for each that is new or differs, with its line.
  func compare(
    _ file: VerifiedFile, _ findings: BatchFindings, differing: (UInt32, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var part = Part()
    try file.readLines { line in
      guard let ban = try compareLine(at: line, file, findings, &part) else { return }
      part.differing += 1
      try differing(ban, line)
    }
    add(part, findings)
  }

  /// Whether the registry holds the business.
  func holds(_ ban: UInt32) -> Bool { hashes.slot(of: ban) != nil }

  /// Checks that only businesses that differ are staged.
  func checkStaged(_ session: inout Connection) throws {
    let staged = try session.int("SELECT count(*) FROM incoming_registration")
    guard staged == state.withLock({ $0.part.differing }) else { throw Self.changed }
  }

  private static let changed = RestartLoad(reason: "the registry was changed since the load began")

  /// Stages the businesses of a batch that differ.
  ///
  /// - Returns: their number.
  func stage(
    _ snapshot: FinalizedSnapshot, _ batch: Batch, _ findings: BatchFindings, _ session: inout Connection
  ) throws -> Int {
    var part = Part()
    var differing: Set<UInt32> = []
    let registrations = snapshot.registrations(of: batch)
    try copy(registrations, into: "incoming_registration", .registration, &session) { line in
      guard let ban = try compareLine(at: line, registrations, findings, &part) else { return false }
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

  /// Combines the results of all batches.
  ///
  /// - Parameter whole: whether the snapshot is whole, so that businesses it lacks are removed.
  func diff(whole: Bool) -> Diff {
    state.withLock { state in
      var diff = Diff()
      diff.staged = state.part.differing
      diff.changed = state.part.changed
      diff.repairs = state.part.repairs
      diff.hidden = state.part.hidden
      for ban in corrections.bans {
        let resolution =
          state.part.resolutions[ban]
          ?? corrections.resolve(ban, isRejected: state.part.rejected.contains(ban), whole: whole)
        diff.resolutions[ban] = resolution
        guard let wanted = corrections.contentHash(ban, resolution) else { continue }
        let slot = hashes.slot(of: ban)
        if let slot { state.seen.insert(slot) }
        let stored = hashes.edited[ban]
        let isSame = slot.map { hashes.hash(at: $0) == wanted } ?? false
        if resolution == .kept, isSame, stored == nil { continue }
        diff.correctionsToStage.append(ban)
        if resolution == .kept, isRepair || isSame || stored == wanted { diff.repairs.append(ban) }
      }
      // A partial snapshot removes only businesses that a withdrawn correction had added.
      let gone =
        whole
        ? hashes.unseen(state.seen)
        : corrections.withdrawn.filter { $1.sourceHash == nil }.keys.filter { ban in
          hashes.slot(of: ban).map { !state.seen.contains($0) } ?? false
        }
      diff.removals = gone.map { ban in
        Diff.Removal(
          ban: BANText.text(ban), reason: state.part.rejected.contains(ban) ? "rejected" : "absent",
          isRepair: isRepair && corrections.withdrawn[ban] == nil && diff.resolutions[ban] == nil)
      }
      if whole { diff.removals += hashes.invalidBANs.map { .init(ban: $0, reason: "absent", isRepair: true) } }
      return diff
    }
  }

  /// Compares a line.
  ///
  /// - Returns: the BAN if the business is new or differs.
  private func compareLine(
    at line: UnsafeRawBufferPointer, _ file: VerifiedFile, _ findings: BatchFindings, _ part: inout Part
  ) throws -> UInt32? {
    guard let parsed = RegistrationLine(line) else { throw file.damaged("it has a line that is not a registration") }
    let slot = hashes.slot(of: parsed.ban)
    if let slot { part.slots.append(slot) }
    var isRepair = isRepair && corrections.withdrawn[parsed.ban] == nil
    if let resolution = corrections.resolve(
      parsed.ban, accepted: parsed.contentHash, codes: findings.codes[parsed.ban] ?? [])
    {
      part.resolutions[parsed.ban] = resolution
      if resolution == .kept, !corrections.stay, corrections.inForce[parsed.ban]?.sourceHash != parsed.contentHash {
        part.hidden.append(parsed.ban)
      }
      if resolution.holds { return nil }
      isRepair = isRepair && resolution == .needless
    }
    if let slot {
      let stored = hashes.edited[parsed.ban]
      let isSame = hashes.hash(at: slot) == parsed.contentHash
      if isSame, stored == nil { return nil }
      // Also if the row was edited to the source's content: its stored hash is stale, and the next load compares that.
      isRepair = isRepair || isSame || stored == parsed.contentHash
      if !isRepair { part.changed += 1 }
    }
    if isRepair { part.repairs.append(parsed.ban) }
    return parsed.ban
  }

  private func add(_ part: Part, _ findings: BatchFindings) {
    state.withLock { state in
      for slot in part.slots { state.seen.insert(slot) }
      state.part.differing += part.differing
      state.part.changed += part.changed
      state.part.repairs += part.repairs
      state.part.hidden += part.hidden
      state.part.resolutions.merge(part.resolutions) { $1 }
      state.part.rejected.formUnion(findings.rejected)
    }
  }

  /// Copies the `wanted` lines of a file to a table, unchanged.
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
