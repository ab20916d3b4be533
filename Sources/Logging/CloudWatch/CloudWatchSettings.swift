import HTTP
import StructuredLogging

/// The destination of events, and limits on the time of sending.
public struct CloudWatchSettings: Sendable {
  public var destination: Destination
  /// The address of the API, without a slash at its end.
  public var endpoint: String
  public var credentials: any CredentialSource
  public var caFile: String?
  /// Seconds to gather events before they are sent.
  public var gatherSeconds = 3.0
  /// Seconds that sending may take at the end of the process.
  public var exitSeconds = 5.0
  /// The folder in which unsent events wait; nil if they cannot wait.
  public var waitingFolder: String?

  public init(destination: Destination, endpoint: String, credentials: any CredentialSource) {
    self.destination = destination
    self.endpoint = endpoint
    self.credentials = credentials
  }

  /// Reads the variables that AWS programs use, and `CLOUDWATCH_LOG_GROUP`.
  ///
  /// - Returns: nil if no group is set.
  /// - Throws: what is wrong with the variables.
  public static func read(_ variable: (String) -> String? = environmentValue) throws(CloudWatchProblem)
    -> CloudWatchSettings?
  {
    guard let group = variable("CLOUDWATCH_LOG_GROUP") else { return nil }
    let stream = variable("CLOUDWATCH_LOG_STREAM") ?? "console"
    guard let region = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") else {
      throw CloudWatchProblem("AWS_REGION is not set")
    }
    guard region.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }) else {
      throw CloudWatchProblem("AWS_REGION '\(region)' is not a region's name")
    }
    guard Destination.isName(group, besides: "-_./#"), Destination.isName(stream, besides: nil) else {
      throw CloudWatchProblem("'\(group)' and '\(stream)' are not names of a log group and a stream")
    }
    let given = variable("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS") ?? variable("AWS_ENDPOINT_URL")
    var endpoint = given ?? "https://logs.\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")"
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    guard Endpoint.isAcceptable(endpoint) else {
      throw CloudWatchProblem("AWS_ENDPOINT_URL is neither https nor an address of this machine")
    }
    var settings = CloudWatchSettings(
      destination: Destination(region: region, group: group, stream: stream), endpoint: endpoint,
      credentials: try Credentials.source(variable))
    settings.caFile = variable("AWS_CA_BUNDLE") ?? variable("SSL_CERT_FILE")
    if let text = variable("CLOUDWATCH_EXIT_SECONDS") {
      guard let seconds = Double(text), (0...300).contains(seconds) else {
        throw CloudWatchProblem("CLOUDWATCH_EXIT_SECONDS '\(text)' is not a number of seconds up to 300")
      }
      settings.exitSeconds = seconds
    }
    return settings
  }
}

/// A log stream.
public struct Destination: Sendable, Equatable {
  public var region: String
  public var group: String
  public var stream: String

  public init(region: String, group: String, stream: String) {
    self.region = region
    self.group = group
    self.stream = stream
  }

  /// - Parameter marks: characters that a name may have besides letters and digits. With nil, it may have all but `:`,
  ///   `*`, spaces and control characters.
  static func isName(_ text: String, besides marks: String?) -> Bool {
    guard !text.isEmpty, text.unicodeScalars.count <= 512 else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      guard let marks else { return scalar != ":" && scalar != "*" && scalar.value > 0x20 && scalar.value != 0x7F }
      return scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        || marks.unicodeScalars.contains(scalar)
    }
  }
}

/// Why no events can be sent to CloudWatch: one line.
public struct CloudWatchProblem: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// The addresses to which keys and events may be sent.
enum Endpoint {
  /// Accepts https to any host, and http only to this machine and to `hosts`, since nothing is encrypted.
  static func isAcceptable(_ url: String, besides hosts: Set<String> = []) -> Bool {
    let lower = url.lowercased()
    guard !lower.contains(where: { $0.isWhitespace || $0 == "@" || $0 == "\\" }) else { return false }
    if lower.hasPrefix("https://") { return lower.count > 8 }
    guard lower.hasPrefix("http://") else { return false }
    var host = lower.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if host.hasPrefix("[") {
      let address = host.dropFirst().prefix { $0 != "]" }
      // Only a port may follow the bracket.
      let rest = host[address.endIndex...].dropFirst()
      guard rest.isEmpty || rest.first == ":" else { return false }
      host = address
    } else if let colon = host.lastIndex(of: ":") {
      host = host[..<colon]
    }
    return host == "localhost" || host == "::1" || isLoopbackV4(host) || hosts.contains(String(host))
  }

  private static func isLoopbackV4(_ host: Substring) -> Bool {
    // Numbers without leading zeros, which would make them octal.
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { part in UInt8(part).map { "\($0)" == part } ?? false }
  }
}
