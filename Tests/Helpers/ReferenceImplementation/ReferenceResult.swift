/// The complete result of the rules for one source file, in file order.
///
/// Text is compared byte for byte everywhere: Swift's own `==` treats canonically equivalent text as equal (行 U+FA08
/// and 行 U+884C, for instance), which would hide a reader that replaces one with the other.
public struct ReferenceResult: Sendable {
  /// Why the snapshot is refused, if it is. The other properties then have only what was known at that point.
  public var refusal: String?
  /// The date of the stamp row, as ISO.
  public var sourceDate: String?
  /// The header's names, trimmed.
  public var columns: [String] = []
  /// Known columns that the header lacks, in the published order.
  public var missingColumns: [String] = []
  /// Unknown header names, in the header's order, including repetitions.
  public var unknownColumns: [String] = []
  public var registrations: [ReferenceRegistration] = []
  public var industries: [ReferenceIndustry] = []
  public var findings: [ReferenceFinding] = []
  public var totals = ReferenceTotals()
  public var repeatedIndustryCodes = 0
  public var industryNamesWithoutCode = 0
  /// The offset after each record's line end, including those of header and stamp.
  public var recordEnds: [Int] = []

  public init() {}
}

public struct ReferenceTotals: Equatable, Sendable {
  public var total: Int
  public var processed: Int
  public var failed: Int
  public var duplicated: Int
  public var blank: Int

  public init(total: Int = 0, processed: Int = 0, failed: Int = 0, duplicated: Int = 0, blank: Int = 0) {
    self.total = total
    self.processed = processed
    self.failed = failed
    self.duplicated = duplicated
    self.blank = blank
  }
}

/// Returns whether two texts have the same bytes, or are both nil.
func sameBytes(_ left: String?, _ right: String?) -> Bool {
  guard let left, let right else { return left == nil && right == nil }
  return left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
}
