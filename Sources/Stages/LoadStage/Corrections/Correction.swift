/// A correction by hand that is in force, as far as comparing needs it.
struct Correction: Sendable {
  let contentHash: Int64
  /// Content hash of the source's own record when it was corrected, nil where the rules accepted none.
  let sourceHash: Int64?
  /// Findings that the source's record had and the corrected one has not.
  let fixedCodes: Set<String>

  /// What becomes of a correction when its business is looked up in a snapshot.
  enum Verdict: Sendable, Equatable {
    /// It is put on, in place of the source's record: that one's content hash, nil where the rules accept none, and findings.
    case put(sourceHash: Int64?, codes: Set<String>)
    /// It stays.
    case kept
    /// It says what the source says: there is nothing to put on.
    case needless
    /// It ends: the source has a record without the fault.
    case fixed
    /// It ends: the source has the business no more.
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
  func validate(accepted hash: Int64, codes: Set<String>) -> Verdict {
    // What was rejected is accepted now, or the source says the same.
    guard let sourceHash, hash != contentHash else { return .fixed }
    return hash == sourceHash || !codes.isDisjoint(with: fixedCodes) ? .kept : .fixed
  }

  /// Of a business that is not among those that the rules accept.
  ///
  /// - Parameters:
  ///   - isRejected: whether its BAN stands legibly in a record that they reject.
  ///   - whole: whether the snapshot stands for the whole registry.
  func validate(isRejected: Bool, whole: Bool) -> Verdict {
    sourceHash == nil || isRejected || !whole ? .kept : .gone
  }
}
