import Spool

/// What fetch is asked to do, and within which bounds.
public struct FetchSettings: Sendable {
  public var spool: String
  public var location: SourceLocation
  public var terms: FetchTerms
  /// Take up a source that says it is unchanged.
  public var force: Bool
  /// A source that is larger is refused.
  public var bytesMax = 4 << 30
  /// For the whole download, all attempts together.
  public var secondsMax = 1800.0
  public var connectTimeoutSeconds = 30
  /// Less than 1 KB/s for this long is no progress.
  public var stallSeconds = 60
  /// Certificates to trust instead of the system's; and a folder of such.
  public var caFile: String?
  public var caFolder: String?
  /// Waits before the attempts that follow the first; each gets up to a quarter more, so that many clients do not
  /// come back at once.
  public var retryWaitSeconds = [1.0, 2.0, 4.0]

  public init(spool: String, location: SourceLocation, terms: FetchTerms, force: Bool) {
    self.spool = spool
    self.location = location
    self.terms = terms
    self.force = force
  }
}
