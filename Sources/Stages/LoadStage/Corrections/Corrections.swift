import Postgres
import Records

/// The corrections that a load goes by: those in force, and what it was asked to put on or take off.
struct Corrections: Sendable {
  private(set) var inForce: [UInt32: Correction] = [:]
  /// Records to put on, if the source does not say the same.
  private(set) var new: [UInt32: CorrectionSheet.Record] = [:]
  /// The ones that are taken off.
  private(set) var withdrawn: [UInt32: Correction] = [:]
  /// Whether none ends by itself: who goes back to a day goes forward again, and a person's work is not to be lost by it.
  var stay = false

  /// Every business that has one, in force or to be put on.
  var bans: Set<UInt32> { Set(inForce.keys).union(new.keys) }

  static func read(_ session: inout Connection) throws -> Corrections {
    var corrections = Corrections()
    let rows = try session.execute(
      """
      SELECT ban, content_hash, source_hash, pg_catalog.array_to_string(fixed_codes, ' ') FROM registration_correction
      WHERE ended_at IS NULL
      """)
    for row in rows.values {
      guard let ban = row[0].flatMap({ UInt32($0) }), let hash = row[1].flatMap({ Int64($0) }) else { continue }
      corrections.inForce[ban] = Correction(
        contentHash: hash, sourceHash: row[2].flatMap { Int64($0) },
        fixedCodes: Set((row[3] ?? "").split(separator: " ").map(String.init)))
    }
    return corrections
  }

  /// Puts on what says something new. What the registry holds already does not, nor does what the source said when a
  /// correction in force was put on: a sheet repeats records that nobody touched.
  ///
  /// - Parameter held: content hashes of the registry.
  mutating func put(_ records: [CorrectionSheet.Record], held: [UInt32: Int64]) {
    for record in records {
      let known = [inForce[record.ban]?.contentHash, inForce[record.ban]?.sourceHash, held[record.ban]]
      if !known.contains(record.contentHash) { new[record.ban] = record }
    }
  }

  mutating func withdraw(_ bans: [UInt32]) {
    for ban in bans {
      // Named twice it is taken off once.
      if let correction = inForce.removeValue(forKey: ban) { withdrawn[ban] = correction }
    }
  }

  /// Of a business that the rules accept; nil where it has no correction.
  func validate(_ ban: UInt32, accepted hash: Int64, codes: Set<String>) -> Correction.Verdict? {
    // A sheet repeats records that nobody touched: those leave everything as it is.
    if let record = new[ban], record.contentHash != hash { return .put(sourceHash: hash, codes: codes) }
    if let correction = inForce[ban] { return stay ? .kept : correction.validate(accepted: hash, codes: codes) }
    return new[ban] == nil ? nil : .needless
  }

  /// Of a business with a correction that is not among those that the rules accept.
  func validate(_ ban: UInt32, isRejected: Bool, whole: Bool) -> Correction.Verdict {
    if new[ban] != nil { return .put(sourceHash: nil, codes: []) }
    if stay, inForce[ban] != nil { return .kept }
    return inForce[ban]?.validate(isRejected: isRejected, whole: whole) ?? .needless
  }

  /// What the registry has to hold where a correction does.
  func contentHash(_ ban: UInt32, _ category: Correction.Verdict) -> Int64? {
    switch category {
    case .put: new[ban]?.contentHash
    case .kept: inForce[ban]?.contentHash
    case .needless, .fixed, .gone: nil
    }
  }
}
