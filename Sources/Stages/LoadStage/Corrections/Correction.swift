/// A correction in force, as far as the comparison needs it.
struct Correction: Sendable {
  let contentHash: Int64
  /// Content hash of the source's own record when it was corrected; nil if the rules accepted none.
  let sourceHash: Int64?
  /// Findings that the source's record had and the corrected one does not have.
  let fixedCodes: Set<String>

  /// The outcome for a correction when its business is compared with a snapshot.
  enum Resolution: Sendable, Equatable {
    /// A new correction replaces the source's record. The values are that record's content hash, nil if the rules
    /// accept none, and its findings.
    case put(sourceHash: Int64?, codes: Set<String>)
    /// The correction stays in force.
    case kept
    /// The new correction equals the source's record and is not added.
    case needless
    /// The correction ends: the source has a record without the fault.
    case fixed
    /// The correction ends: the source no longer has the business.
    case gone

    /// Whether the registry holds the correction instead of the source's record.
    var holds: Bool {
      switch self {
      case .put, .kept: true
      case .needless, .fixed, .gone: false
      }
    }
  }

  /// Resolves the correction of a business that the rules accept.
  ///
  /// - Parameter codes: the findings of its record.
  func resolve(accepted hash: Int64, codes: Set<String>) -> Resolution {
    // The rejected record is accepted now, or the source equals the correction.
    guard let sourceHash, hash != contentHash else { return .fixed }
    return hash == sourceHash || !codes.isDisjoint(with: fixedCodes) ? .kept : .fixed
  }

  /// Resolves the correction of a business without an accepted record.
  ///
  /// - Parameters:
  ///   - isRejected: whether its BAN can be read in a rejected record.
  ///   - whole: whether the snapshot is whole: neither a sample nor limited.
  func resolve(isRejected: Bool, whole: Bool) -> Resolution {
    sourceHash == nil || isRejected || !whole ? .kept : .gone
  }
}
