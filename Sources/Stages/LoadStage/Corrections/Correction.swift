/// A correction in force, as far as the comparison needs it.
struct Correction: Sendable {
  let contentHash: Int64
  /// Content hash of the source's own record when it was corrected, nil where the rules accepted none.
  let sourceHash: Int64?
  /// Findings that the source's record had and the corrected one has not.
  let fixedCodes: Set<String>

  /// What becomes of a correction when its business is compared with a snapshot.
  enum Resolution: Sendable, Equatable {
    /// It replaces the source's record. That record's content hash, nil if the rules accept none, and its findings.
    case put(sourceHash: Int64?, codes: Set<String>)
    /// It stays.
    case kept
    /// It says what the source says: nothing is added.
    case needless
    /// It ends: the source has a record without the fault.
    case fixed
    /// It ends: the source no longer has the business.
    case gone

    /// Whether the registry holds the correction, and not the source's record.
    var holds: Bool {
      switch self {
      case .put, .kept: true
      case .needless, .fixed, .gone: false
      }
    }
  }

  /// Of a business that the rules accept.
  ///
  /// - Parameter codes: the findings of its record.
  func resolve(accepted hash: Int64, codes: Set<String>) -> Resolution {
    // What was rejected is accepted now, or the source says the same.
    guard let sourceHash, hash != contentHash else { return .fixed }
    return hash == sourceHash || !codes.isDisjoint(with: fixedCodes) ? .kept : .fixed
  }

  /// Of a business that is not among those that the rules accept.
  ///
  /// - Parameters:
  ///   - isRejected: whether its BAN stands legibly in a record that they reject.
  ///   - whole: whether the snapshot stands for the whole registry.
  func resolve(isRejected: Bool, whole: Bool) -> Resolution {
    sourceHash == nil || isRejected || !whole ? .kept : .gone
  }
}
