import FoundationEssentials
import Glibc
import HTTP

/// Keys with which requests are signed.
public struct AWSCredentials: Sendable, Equatable {
  public var keyID: String
  public var secret: String
  public var sessionToken: String?
  /// Seconds since 1970; nil if they do not expire.
  var expires: Int?

  public init(keyID: String, secret: String, sessionToken: String? = nil) {
    self.keyID = keyID
    self.secret = secret
    self.sessionToken = sessionToken
  }
}

/// A source of keys. One thread calls it, before each request.
public protocol CredentialSource: Sendable {
  /// - Parameter check: called during the wait; an error that it throws ends the wait.
  func keys(check: () throws -> Void) throws -> AWSCredentials
}

/// Finds the source of keys, in the order in which AWS programs look for it. `~/.aws` and web identities are not
/// supported.
enum Credentials {
  /// - Throws: if a variable is invalid, or only one of the two keys is set.
  static func source(_ variable: (String) -> String?) throws(CloudWatchProblem) -> any CredentialSource {
    let (keyID, secret) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"))
    // They become header lines. A secret that is mounted as a file often ends with a line break.
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
      guard variable(name)?.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) ?? true else {
        throw CloudWatchProblem("\(name) contains a space, a line break or another character that keys do not have")
      }
    }
    if let keyID, let secret {
      return StaticCredentials(
        keys: AWSCredentials(keyID: keyID, secret: secret, sessionToken: variable("AWS_SESSION_TOKEN")))
    }
    guard keyID == nil, secret == nil else {
      throw CloudWatchProblem("only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set")
    }
    if let path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
      // "@host/…" or ".host/…" would lead to another host, whose keys would be used.
      guard path.utf8.first == UInt8(ascii: "/") else {
        throw CloudWatchProblem("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'")
      }
      return ContainerCredentials(url: "http://169.254.170.2" + path, token: nil, tokenFile: nil)
    }
    if let url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
      guard Endpoint.isAcceptable(url, besides: ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]) else {
        throw CloudWatchProblem("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this machine")
      }
      return ContainerCredentials(
        url: url, token: variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        tokenFile: variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"))
    }
    guard variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else {
      throw CloudWatchProblem("AWS_ACCESS_KEY_ID is not set")
    }
    var endpoint = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    guard Endpoint.isAcceptable(endpoint, besides: ["169.254.169.254", "fd00:ec2::254"]) else {
      throw CloudWatchProblem("AWS_EC2_METADATA_SERVICE_ENDPOINT is not an address of this machine")
    }
    return InstanceCredentials(endpoint: endpoint)
  }
}

/// Keys from variables.
public struct StaticCredentials: CredentialSource {
  let keys: AWSCredentials

  public init(keys: AWSCredentials) { self.keys = keys }

  public func keys(check: () throws -> Void) -> AWSCredentials { keys }
}

/// The keys of a container's role, which ECS and EKS provide at an address of the machine.
struct ContainerCredentials: CredentialSource {
  let url: String
  let token: String?
  let tokenFile: String?

  func keys(check: () throws -> Void) throws -> AWSCredentials {
    var headers: [String] = []
    if let token = try tokenFile.map(read) ?? token { headers.append("Authorization: \(token)") }
    return try MetadataRequest.keys(
      MetadataRequest.request(url, headers: headers, check: check), of: "the container's role")
  }

  private func read(_ path: String) throws -> String {
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    if descriptor >= 0 { close(descriptor) }
    guard count > 0 else {
      throw CloudWatchProblem("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE '\(path)' cannot be read")
    }
    return String(decoding: bytes[..<count], as: UTF8.self).filter { !$0.isNewline }
  }
}

/// The keys of a machine's role (EC2, with version 2 of its metadata service).
struct InstanceCredentials: CredentialSource {
  let endpoint: String

  func keys(check: () throws -> Void) throws -> AWSCredentials {
    let token = try MetadataRequest.request(
      endpoint + "/latest/api/token", .put, headers: ["X-aws-ec2-metadata-token-ttl-seconds: 300"], check: check)
    let headers = ["X-aws-ec2-metadata-token: " + String(decoding: token, as: UTF8.self)]
    let roles = endpoint + "/latest/meta-data/iam/security-credentials/"
    let names = String(decoding: try MetadataRequest.request(roles, headers: headers, check: check), as: UTF8.self)
    guard let role = names.split(whereSeparator: \.isNewline).first else {
      throw CloudWatchProblem("this machine has no role, and AWS_ACCESS_KEY_ID is not set")
    }
    return try MetadataRequest.keys(
      MetadataRequest.request(roles + role, headers: headers, check: check), of: "the machine's role")
  }
}

/// Keeps keys until five minutes before they expire.
final class CachedCredentials {
  private let source: any CredentialSource
  private var kept: AWSCredentials?

  init(_ source: any CredentialSource) { self.source = source }

  func keys(check: () throws -> Void) throws -> AWSCredentials {
    if let kept, kept.expires.map({ $0 - 300 > time(nil) }) ?? true { return kept }
    let keys = try source.keys(check: check)
    kept = keys
    return keys
  }

  /// Drops keys that were refused; the next request gets new ones.
  func forget() { kept = nil }
}

/// A request to a metadata service of this machine.
private enum MetadataRequest {
  private static let bytesMax = 64 << 10

  static func request(
    _ url: String, _ method: Request.Method = .get, headers: [String], check: () throws -> Void
  ) throws -> [UInt8] {
    var request = Request(url: url, timeoutSeconds: 3)
    request.method = method
    request.headers = headers
    request.connectTimeoutSeconds = 1
    request.bypassesProxy = true
    var status = 0
    var body: [UInt8] = []
    var transfer = try Transfer()
    do {
      try transfer.perform(
        request, onHead: { status = $0.status ?? 0 },
        onBody: { bytes in
          guard body.count + bytes.count <= bytesMax else { throw CloudWatchProblem("the response is too long") }
          body += bytes
        }, check: check)
    } catch let error as TransferError {
      throw CloudWatchProblem("AWS_ACCESS_KEY_ID is not set, and the keys of a role are not available: \(error)")
    }
    guard status == 200 else {
      throw CloudWatchProblem(
        "AWS_ACCESS_KEY_ID is not set, and the keys of a role are not available: status \(status)")
    }
    return body
  }

  static func keys(_ answer: [UInt8], of whom: String) throws -> AWSCredentials {
    struct Answer: Decodable {
      var keyID: String
      var secret: String
      var token: String?
      var expiration: String?

      enum CodingKeys: String, CodingKey {
        case keyID = "AccessKeyId"
        case secret = "SecretAccessKey"
        case token = "Token"
        case expiration = "Expiration"
      }
    }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)),
      // They become header lines.
      [answer.keyID, answer.secret, answer.token ?? ""].allSatisfy({ !$0.contains(where: \.isNewline) })
    else {
      throw CloudWatchProblem("the keys of \(whom) cannot be read")
    }
    var keys = AWSCredentials(keyID: answer.keyID, secret: answer.secret, sessionToken: answer.token)
    // If the expiry cannot be read, the keys count as expired after half an hour.
    keys.expires = time(nil) + 1800
    if let text = answer.expiration, let date = try? Date(text, strategy: .iso8601) {
      keys.expires = Int(date.timeIntervalSince1970)
    }
    return keys
  }
}
