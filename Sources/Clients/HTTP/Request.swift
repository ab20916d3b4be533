/// One request and its bounds.
public struct Request: Sendable {
  public enum Method: Sendable, Equatable {
    case get
    case put
    case post([UInt8])
  }

  public var url: String
  public var method = Method.get
  /// `Name: value`, each.
  public var headers: [String] = []
  /// Keys and names to sign the request with, for an AWS service.
  public var signature: AWSSignature?
  /// Whether the proxy variables are left aside, as for an address of this very machine.
  public var bypassesProxy = false
  public var connectTimeoutSeconds = 30
  /// Less than `lowSpeedBytes` a second for this long is no progress.
  public var lowSpeedSeconds = 60
  public var lowSpeedBytes = 1024
  /// For the whole transfer, redirects included.
  public var timeoutSeconds: Double
  /// All header lines together, those of redirects included.
  public var headerBytesMax = 64 << 10
  /// Of an answer whose body nobody asked for.
  public var droppedBytesMax = 1 << 20
  /// Certificates to trust instead of the system's; and a folder of such.
  public var caFile: String?
  public var caFolder: String?

  public init(url: String, timeoutSeconds: Double) {
    self.url = url
    self.timeoutSeconds = timeoutSeconds
  }
}

/// What an AWS request is signed with (Signature Version 4, by libcurl itself).
public struct AWSSignature: Sendable, Equatable {
  public var region: String
  /// The service's name in signatures, such as `logs`.
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
