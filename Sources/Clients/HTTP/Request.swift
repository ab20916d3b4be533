/// An HTTP request and its limits.
public struct Request: Sendable {
  public enum Method: Sendable, Equatable {
    case get
    case put
    case post([UInt8])
  }

  public var url: String
  public var method = Method.get
  /// Header lines, each as `Name: value`.
  public var headers: [String] = []
  /// Credentials and scope of the signature that an AWS service requires.
  public var signature: AWSSignature?
  /// Whether to ignore the proxy variables, for instance for an address of this machine.
  public var bypassesProxy = false
  public var connectTimeoutSeconds = 30
  /// The transfer fails if it is slower than `lowSpeedBytes` per second for this long.
  public var lowSpeedSeconds = 60
  public var lowSpeedBytes = 1024
  /// Limit for the whole transfer, including redirects.
  public var timeoutSeconds: Double
  /// Limit for all header lines together, including those of redirects.
  public var headerBytesMax = 64 << 10
  /// Limit for a body that libcurl reads and drops: a redirect's.
  public var droppedBytesMax = 1 << 20
  /// Certificates to trust instead of the system's: a file, a folder or both.
  public var caFile: String?
  public var caFolder: String?

  public init(url: String, timeoutSeconds: Double) {
    self.url = url
    self.timeoutSeconds = timeoutSeconds
  }
}

/// Credentials and scope for AWS Signature Version 4, which libcurl computes.
public struct AWSSignature: Sendable, Equatable {
  public var region: String
  /// The service's name in signatures, for instance `logs`.
  public var service: String
  public var keyID: String
  public var secret: String

  public init(region: String, service: String, keyID: String, secret: String) {
    self.region = region
    self.service = service
    self.keyID = keyID
    self.secret = secret
  }
}
