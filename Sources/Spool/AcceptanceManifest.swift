/// `accepted.json`: somebody accepted the snapshot although it was refused. Transform does not refuse it again.
public struct AcceptanceManifest: Manifest, Hashable {
  public var format = SpoolFormat.current
  /// User of the operating system.
  public var acceptedBy: String
  /// ISO 8601, UTC.
  public var acceptedAt: String
  /// In that user's words.
  public var reason: String
  /// Why it was refused, each with its numbers.
  public var refusals: [String]

  public var counts: [Int] { [] }

  public init(acceptedBy: String, acceptedAt: String, reason: String, refusals: [String]) {
    self.acceptedBy = acceptedBy
    self.acceptedAt = acceptedAt
    self.reason = reason
    self.refusals = refusals
  }
}
