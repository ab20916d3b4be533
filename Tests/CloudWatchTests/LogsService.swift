import Foundation
import LoopbackServer
import Synchronization

/// A server with the API of CloudWatch Logs (groups, streams, events) and a fault for each request.
final class LogsService: Sendable {
  struct Event: Codable, Sendable, Equatable {
    var timestamp: Int
    var message: String
  }

  enum Trouble: Sendable {
    case none
    case answer(status: Int, type: String)
    case raw(status: Int, text: String)
    /// Stores the events and closes the connection without an answer.
    case lostAnswer
    case silence
    case rejecting(String)
  }

  private struct Store: Sendable {
    var groups: Set<String> = []
    var streams: Set<String> = []
    var batches: [[Event]] = []
    var actions: [String] = []
  }

  private let refused: String?
  private let store = Mutex(Store())
  private let server: Mutex<LoopbackServer?>

  /// - Parameters:
  ///   - refused: a text; events whose message contains it are refused.
  ///   - trouble: returns the fault for a request's number, from 1, and its action.
  init(
    groups: Set<String> = ["/docker/etl"], streams: Set<String> = ["console"], refusing refused: String? = nil,
    _ trouble: @escaping @Sendable (Int, String) -> Trouble = { _, _ in .none }
  ) throws {
    server = Mutex(nil)
    self.refused = refused
    store.withLock { store in
      store.groups = groups
      store.streams = streams
    }
    let made = try LoopbackServer { [weak self] request, responder in
      try self?.handle(request, responder, trouble)
    }
    server.withLock { $0 = made }
  }

  var url: String { server.withLock { $0?.url("") } ?? "" }
  var failures: [String] { server.withLock { $0?.failures } ?? [] }
  var batches: [[Event]] { store.withLock { $0.batches } }
  var messages: [String] { batches.flatMap { $0 }.map(\.message) }
  var actions: [String] { store.withLock { $0.actions } }
  /// Waits until the server has received `count` requests.
  func wait(requests count: Int) throws { try server.withLock { $0 }?.waitFor(requests: count) }

  var headers: [Headers] { server.withLock { $0?.requests.map(\.headers) } ?? [] }

  private struct Body: Codable {
    var logGroupName: String
    var logStreamName: String?
    var logEvents: [Event]?
  }

  private func handle(_ request: Request, _ responder: Responder, _ trouble: (Int, String) -> Trouble) throws {
    let action = String(request.headers["X-Amz-Target"]?.split(separator: ".").last ?? "")
    store.withLock { $0.actions.append(action) }
    switch trouble(request.number, action) {
    case .answer(let status, let type): return try answer(responder, status, "{\"__type\":\"\(type)\"}")
    case .raw(let status, let text): return try answer(responder, status, text)
    case .silence: return try responder.waitUntilClientIsGone(timeout: .seconds(60))
    case .none: try perform(action, request, responder, "{}")
    case .rejecting(let info): try perform(action, request, responder, "{\"rejectedLogEventsInfo\":\(info)}")
    case .lostAnswer: try perform(action, request, responder, nil)
    }
  }

  private func perform(_ action: String, _ request: Request, _ responder: Responder, _ text: String?) throws {
    let body = try JSONDecoder().decode(Body.self, from: Data(request.body))
    let problem = store.withLock { store -> String? in
      switch action {
      case "CreateLogGroup":
        return store.groups.insert(body.logGroupName).inserted ? nil : "ResourceAlreadyExistsException"
      case "CreateLogStream":
        guard store.groups.contains(body.logGroupName) else { return "ResourceNotFoundException" }
        return store.streams.insert(body.logStreamName ?? "").inserted ? nil : "ResourceAlreadyExistsException"
      default:
        guard store.groups.contains(body.logGroupName), store.streams.contains(body.logStreamName ?? "") else {
          return "ResourceNotFoundException"
        }
        let events = body.logEvents ?? []
        if let refused, events.contains(where: { $0.message.contains(refused) }) { return "InvalidParameterException" }
        store.batches.append(events)
        return nil
      }
    }
    if let problem { return try answer(responder, 400, "{\"__type\":\"\(problem)\"}") }
    guard let text else { return responder.close() }
    try answer(responder, 200, text)
  }

  private func answer(_ responder: Responder, _ status: Int, _ text: String) throws {
    try responder.sendHead(status: status, headers: ["Content-Length": "\(text.utf8.count)"])
    try responder.send(Array(text.utf8))
  }
}
