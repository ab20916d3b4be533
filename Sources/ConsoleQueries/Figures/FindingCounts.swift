/// What was found in a snapshot, by code.
public struct FindingCounts: Sendable, Equatable {
  public struct Count: Sendable, Equatable {
    public let code: String
    public let count: Int
  }

  /// The most frequent first.
  public let rejections: [Count]
  public let warnings: [Count]

  /// Codes of the rules that reject a record; the others are warnings.
  public static let rejecting: Set<String> = [
    "MALFORMED_QUOTE", "RECORD_TOO_LONG", "INVALID_ENCODING", "FIELD_COUNT", "INVALID_BAN", "MISSING_NAME",
    "VALUE_TOO_LONG", "DUPLICATE",
  ]

  /// - Parameter counts: code → count.
  public init(_ counts: [String: Int]) {
    let sorted = counts.filter { $0.value > 0 }.map { Count(code: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.code) < ($0.count, $1.code) }
    rejections = sorted.filter { Self.rejecting.contains($0.code) }
    warnings = sorted.filter { !Self.rejecting.contains($0.code) }
  }
}
