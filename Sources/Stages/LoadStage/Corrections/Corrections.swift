import Postgres
import Records

/// The corrections of a load: those in force, those to add and those to withdraw.
struct Corrections: Sendable {
  private(set) var inForce: [UInt32: Correction] = [:]
  /// Records to add, unless they equal the source's.
  private(set) var new: [UInt32: CorrectionSheet.Record] = [:]
  /// Corrections to withdraw.
  private(set) var withdrawn: [UInt32: Correction] = [:]
  /// Whether no correction ends by itself: a rollback is usually undone, and the corrections must survive it.
  var stay = false

  /// Every business with a correction in force or to add.
  var bans: Set<UInt32> { Set(inForce.keys).union(new.keys) }

  /// BANs of corrections that a rollback puts in force again.
  private(set) var reopened: [UInt32] = []

  static func read(_ session: inout Connection) throws -> Corrections {
    var corrections = Corrections()
    try corrections.add(
      session.rows(
        "SELECT ban, content_hash, source_hash, fixed_codes FROM registration_correction WHERE ended_at IS NULL"))
    return corrections
  }

  /// Adds the corrections that the loads after a snapshot ended by themselves, for a rollback to that snapshot.
  mutating func reopen(after snapshot: String, _ session: inout Connection) throws {
    reopened = try add(session.rows(String(sql: PackageResources.find_undone_endings_sql), [snapshot]))
  }

  @discardableResult
  private mutating func add(_ rows: [Row]) throws -> [UInt32] {
    try rows.map { row in
      let ban = try row.ban("ban")
      inForce[ban] = Correction(
        contentHash: try row.int("content_hash", as: Int64.self),
        sourceHash: try row.optionalInt("source_hash", as: Int64.self),
        fixedCodes: Set(try row.textArray("fixed_codes")))
      return ban
    }
  }

  /// Adds records with new content. Records of a sheet that were not edited equal the registry, or the source's record
  /// at the time when a correction in force was added.
  ///
  /// - Parameter held: content hashes of the registry.
  mutating func add(_ records: [CorrectionSheet.Record], held: [UInt32: Int64]) {
    for record in records {
      let known = [inForce[record.ban]?.contentHash, inForce[record.ban]?.sourceHash, held[record.ban]]
      if !known.contains(record.contentHash) { new[record.ban] = record }
    }
  }

  mutating func leaveOut(_ records: [CorrectionSheet.Record]) {
    for record in records { new.removeValue(forKey: record.ban) }
  }

  mutating func withdraw(_ bans: [UInt32]) {
    for ban in bans {
      // A BAN may be named twice.
      if let correction = inForce.removeValue(forKey: ban) { withdrawn[ban] = correction }
    }
  }

  /// Resolves the correction of a business that the rules accept.
  ///
  /// - Returns: nil if it has no correction.
  func resolve(_ ban: UInt32, accepted hash: Int64, codes: Set<String>) -> Correction.Resolution? {
    // A record of a sheet that was not edited equals the source's.
    if let record = new[ban], record.contentHash != hash { return .put(sourceHash: hash, codes: codes) }
    if let correction = inForce[ban] { return stay ? .kept : correction.resolve(accepted: hash, codes: codes) }
    return new[ban] == nil ? nil : .needless
  }

  /// Resolves the correction of a business without an accepted record.
  func resolve(_ ban: UInt32, isRejected: Bool, whole: Bool) -> Correction.Resolution {
    if new[ban] != nil { return .put(sourceHash: nil, codes: []) }
    if stay, inForce[ban] != nil { return .kept }
    return inForce[ban]?.resolve(isRejected: isRejected, whole: whole) ?? .needless
  }

  /// Returns the correction's content hash; nil if the registry does not hold the correction.
  func contentHash(_ ban: UInt32, _ resolution: Correction.Resolution) -> Int64? {
    switch resolution {
    case .put: new[ban]?.contentHash
    case .kept: inForce[ban]?.contentHash
    case .needless, .fixed, .gone: nil
    }
  }
}
