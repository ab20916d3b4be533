/// One GET and its bounds.
public struct Request: Sendable {
  public var url: String
  /// `Name: value`, each.
  public var headers: [String] = []
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

/// The last answer's status line and headers.
public struct ResponseHead: Sendable {
  /// Nil before the status line.
  public internal(set) var status: Int?
  /// Whether the empty line behind the headers has come.
  var isComplete = false
  private var fields: [(name: String, value: String)] = []

  init() {}

  mutating func append(_ name: String, _ value: String) { fields.append((name.lowercased(), value)) }

  /// A header's value; the last one where it stands more than once.
  public subscript(name: String) -> String? { all(name).last }

  /// All values of a header.
  public func all(_ name: String) -> [String] {
    let name = name.lowercased()
    return fields.filter { $0.name == name }.map(\.value)
  }
}

/// What libcurl says went wrong, by its code.
public struct TransferError: Error, Sendable, CustomStringConvertible {
  /// Whether trying again may help, by libcurl's code and never by its text.
  public enum Kind: Sendable {
    /// The network, or the other side for now.
    case temporary
    /// A redirect, a protocol: it stays like this.
    case permanent
    /// The server's certificate, or those that it is judged by.
    case certificate
    /// The URL itself.
    case malformedURL
    /// What the answer is: beyond our bounds, or in a coding that nobody asked for.
    case unacceptable
  }

  public let kind: Kind
  public let description: String
}
