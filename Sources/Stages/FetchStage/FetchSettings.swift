import Spool

/// The task of fetch and its limits.
public struct FetchSettings: Sendable {
  public var spool: String
  public var location: SourceLocation
  /// The same source in another form, for when the first is not there or not acceptable.
  public var fallback: SourceLocation?
  public var terms: FetchTerms
  /// Whether to fetch the source even if it is unchanged.
  public var force: Bool
  /// Size of the largest accepted source, in bytes.
  public var bytesMax = 4 << 30
  /// Time limit of the whole download, all attempts together.
  public var secondsMax = 1800.0
  public var connectTimeoutSeconds = 30
  /// A transfer slower than 1 KiB/s for this long fails.
  public var stallSeconds = 60
  /// A file and a folder of certificates to trust instead of the system's.
  public var caFile: String?
  public var caFolder: String?
  /// Waits before the second and each later attempt. A random share of up to a quarter is added, so that many clients
  /// do not return at once.
  public var retryWaitSeconds = [1.0, 2.0, 4.0]

  public init(spool: String, location: SourceLocation, terms: FetchTerms, force: Bool) {
    self.spool = spool
    self.location = location
    self.terms = terms
    self.force = force
  }
}
