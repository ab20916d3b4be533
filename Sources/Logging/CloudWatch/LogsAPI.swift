import FoundationEssentials
import HTTP

/// A client of CloudWatch Logs with the three calls that are needed, each signed.
final class LogsAPI {
  /// The result of a call.
  enum Outcome: Equatable {
    /// - Parameter rejected: events that CloudWatch received but does not keep: too old, too new, beyond the retention.
    case accepted(rejected: Int)
    /// The group or the stream does not exist.
    case missing
    /// Retryable: throttled, not reachable, or an error of the server.
    case again(String)
    /// Not retryable while this process runs: keys, rights.
    case refused(String)
    /// CloudWatch will never accept these events.
    case unacceptable(String)
  }

  private static let answerBytesMax = 1 << 20
  private static let requestSeconds = 10.0

  private let settings: CloudWatchSettings
  private let keys: CachedCredentials
  /// The seconds that are left; no time is left at 0. Called again and again during a request.
  private let secondsLeft: () -> Double
  private var transfer: Transfer?
  private var secrets: [String] = []

  init(_ settings: CloudWatchSettings, secondsLeft: @escaping () -> Double) {
    self.settings = settings
    keys = CachedCredentials(settings.credentials)
    self.secondsLeft = secondsLeft
  }

  func putEvents(_ events: [PendingEvent]) -> Outcome {
    struct Event: Encodable {
      var timestamp: Int
      var message: String
    }
    struct Body: Encodable {
      var logGroupName: String
      var logStreamName: String
      var logEvents: [Event]
    }
    let body = Body(
      logGroupName: settings.destination.group, logStreamName: settings.destination.stream,
      logEvents: events.map { Event(timestamp: $0.millisecondsSince1970, message: $0.message) })
    return call("PutLogEvents", body) { answer in Self.rejected(of: events.count, in: answer) }
  }

  /// Creates the stream, and the group if there is none.
  func makeStream() -> Outcome {
    let outcome = makeStreamOrGroup()
    // The names are not acceptable, not the events.
    if case .unacceptable(let reason) = outcome { return .refused(reason) }
    return outcome
  }

  private func makeStreamOrGroup() -> Outcome {
    struct Group: Encodable { var logGroupName: String }
    struct Stream: Encodable {
      var logGroupName: String
      var logStreamName: String
    }
    let stream = Stream(logGroupName: settings.destination.group, logStreamName: settings.destination.stream)
    let outcome = call("CreateLogStream", stream)
    guard outcome == .missing else { return outcome }
    let group = call("CreateLogGroup", Group(logGroupName: settings.destination.group))
    guard case .accepted = group else { return group }
    return call("CreateLogStream", stream)
  }

  private func call(
    _ action: String, _ body: some Encodable, rejected: ([UInt8]) -> Int? = { _ in 0 }
  ) -> Outcome {
    do {
      let answer = try send(action, Array(try JSONEncoder().encode(body)))
      return outcome(answer, action, rejected)
    } catch let error as TransferError {
      return error.kind == .temporary ? .again("\(error)") : .refused("\(error)")
    } catch let problem as CloudWatchProblem {
      return .again("\(problem)")
    } catch is OutOfTime {
      return .again("no response from \(settings.endpoint) in time")
    } catch { return .refused("\(error)") }
  }

  private func withoutSecrets(_ text: String) -> String {
    secrets.reduce(text) { $0.replacing($1, with: "…") }
  }

  private struct Answer {
    var status = 0
    var errorType: String?
    var body: [UInt8] = []
  }

  private struct OutOfTime: Error {}

  private func send(_ action: String, _ body: [UInt8]) throws -> Answer {
    let check = { [secondsLeft] in if secondsLeft() <= 0 { throw OutOfTime() } }
    try check()
    let keys = try keys.keys(check: check)
    secrets = [keys.secret, keys.sessionToken ?? ""].filter { !$0.isEmpty }
    var request = Request(
      url: settings.endpoint + "/", timeoutSeconds: max(0.1, min(Self.requestSeconds, secondsLeft())))
    request.method = .post(body)
    request.headers = ["Content-Type: application/x-amz-json-1.1", "X-Amz-Target: Logs_20140328.\(action)"]
    if let token = keys.sessionToken { request.headers.append("X-Amz-Security-Token: \(token)") }
    request.signature = AWSSignature(
      region: settings.destination.region, service: "logs", keyID: keys.keyID, secret: keys.secret)
    request.connectTimeoutSeconds = 5
    // http is only used for this machine, which needs no proxy.
    request.bypassesProxy = !settings.endpoint.lowercased().hasPrefix("https://")
    request.caFile = settings.caFile
    var answer = Answer()
    // One connection for all calls.
    if transfer == nil { transfer = try Transfer() }
    try transfer?.perform(
      request,
      onHead: { head in
        answer.status = head.status ?? 0
        answer.errorType = head["x-amzn-errortype"]
      },
      onBody: { bytes in
        guard answer.body.count + bytes.count <= Self.answerBytesMax else {
          throw CloudWatchProblem("the response is longer than \(Self.answerBytesMax) bytes")
        }
        answer.body += bytes
      }, check: check)
    return answer
  }

  private func outcome(_ answer: Answer, _ action: String, _ rejected: ([UInt8]) -> Int?) -> Outcome {
    if answer.status == 200 {
      return rejected(answer.body).map { .accepted(rejected: $0) }
        ?? .again("\(action) answers 200, but not with a response of CloudWatch")
    }
    struct Problem: Decodable {
      var type: String?
      var message: String?
      var otherMessage: String?

      enum CodingKeys: String, CodingKey {
        case type = "__type"
        case message
        case otherMessage = "Message"
      }
    }
    let problem = try? JSONDecoder().decode(Problem.self, from: Data(answer.body))
    // `com.amazonaws.logs#ResourceNotFoundException`, or `ResourceNotFoundException:http://…` in the header.
    let named = (answer.errorType ?? problem?.type ?? "").split(separator: ":").first ?? ""
    let type = named.split(separator: "#").last.map(String.init) ?? ""
    // A proxy's response has another format.
    let raw = type.isEmpty ? String(decoding: answer.body.prefix(300), as: UTF8.self) : nil
    let detail = (problem?.message ?? problem?.otherMessage ?? raw).map { ": \($0.prefix(300))" } ?? ""
    // A response may repeat the request's secrets, which must not be logged.
    let text = withoutSecrets("\(action) answers \(answer.status) \(type.prefix(100))\(detail)")
    switch type {
    case "ResourceNotFoundException": return .missing
    case "ResourceAlreadyExistsException", "DataAlreadyAcceptedException": return .accepted(rejected: 0)
    case "ThrottlingException", "ServiceUnavailableException", "LimitExceededException", "OperationAbortedException",
      "InvalidSequenceTokenException", "RequestTimeTooSkewed":
      return .again(text)
    case "InvalidParameterException": return .unacceptable(text)
    case "ExpiredTokenException", "ExpiredToken":
      // A role's keys can be renewed; those in variables do not change.
      keys.forget()
      return settings.credentials is StaticCredentials ? .refused(text) : .again(text)
    default:
      // 413 is a proxy's limit. Other 4xx: keys, rights, or an address that is not the API's.
      if answer.status == 413 { return .unacceptable(text) }
      return answer.status == 429 || answer.status == 408 || answer.status >= 500 ? .again(text) : .refused(text)
    }
  }

  /// Counts the rejected events. `rejectedLogEventsInfo` has the bounds of ranges: events before an index are too old
  /// or expired, events from an index on are too new.
  ///
  /// - Returns: nil if this is not a response of CloudWatch but, for instance, a proxy's page.
  static func rejected(of count: Int, in answer: [UInt8]) -> Int? {
    struct Info: Decodable {
      var tooNewLogEventStartIndex: Int?
      var tooOldLogEventEndIndex: Int?
      var expiredLogEventEndIndex: Int?
    }
    struct Answer: Decodable { var rejectedLogEventsInfo: Info? }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)) else { return nil }
    guard let info = answer.rejectedLogEventsInfo else { return 0 }
    // Limits an index to the number of events.
    func place(_ index: Int) -> Int { min(max(0, index), count) }
    let old = place(max(info.tooOldLogEventEndIndex ?? 0, info.expiredLogEventEndIndex ?? 0))
    return min(count, old + count - place(info.tooNewLogEventStartIndex ?? count))
  }
}
