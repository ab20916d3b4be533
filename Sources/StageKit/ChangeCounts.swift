/// Businesses that a publication added, changed or removed, as the change feed has them.
public struct ChangeCounts: Codable, Sendable, Equatable {
  /// `added`, `changed`, `removed`, `reappeared`.
  public var kinds: [String: Int] = [:]
  /// Of the removed ones: `absent`, `rejected`.
  public var reasons: [String: Int] = [:]
  /// Of the changed ones, by column; industries count as one.
  public var columns: [String: Int] = [:]

  public init() {}
}
