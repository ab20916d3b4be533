import HTTP
import StructuredLogging

/// Where events go, and how long may be spent on it.
public struct CloudWatchSettings: Sendable {
  public var destination: Destination
  /// Where the API is, without a slash at its end.
  public var endpoint: String
  public var credentials: any CredentialSource
  public var caFile: String?
  /// How long events are gathered before they are sent.
  public var gatherSeconds = 3.0
  /// How long sending may take once the process has nothing else to do.
  public var exitSeconds = 5.0
  /// Where events wait that could not be sent; nil where they cannot wait.
  public var waitingFolder: String?

  public init(destination: Destination, endpoint: String, credentials: any CredentialSource) {
    self.destination = destination
    self.endpoint = endpoint
    self.credentials = credentials
  }

  /// From the variables that AWS programs know, and `CLOUDWATCH_LOG_GROUP`.
  ///
  /// - Returns: nil where no group is named.
  /// - Throws: what is wrong with them.
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

  /// - Parameter marks: what a name may hold besides letters and digits; nil for anything but `:` and `*`.
  static func isName(_ text: String, besides marks: String?) -> Bool {
    guard !text.isEmpty, text.unicodeScalars.count <= 512 else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      guard let marks else { return scalar != ":" && scalar != "*" && scalar.value > 0x20 && scalar.value != 0x7F }
      return scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        || marks.unicodeScalars.contains(scalar)
    }
  }
}

/// Why no events can go to CloudWatch: one line.
public struct CloudWatchProblem: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// Who may be talked to in the clear.
enum Endpoint {
  /// https anywhere; http to this machine alone, for nobody is on the way.
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
    // As numbers are written: with a zero in front they would be octal ones.
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { part in UInt8(part).map { "\($0)" == part } ?? false }
  }
}
