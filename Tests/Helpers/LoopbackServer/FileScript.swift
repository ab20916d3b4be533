import Synchronization

/// A handler that serves one file by a script: an attempt for the first request, the second, and so on. The test can
/// change everything between and during requests; an answer that has begun keeps its version.
public final class FileScript: Sendable {
  public struct State: Sendable {
    public var file: ServedFile
    /// The attempts for request 1, 2, … of this script.
    public var plan: [Attempt]
    /// The attempt for every request after the plan.
    public var otherwise: Attempt
    /// Files that replace the current one from that request on.
    public var replacements: [Int: ServedFile] = [:]
    /// The number of requests so far.
    public internal(set) var attempts = 0

    mutating func next() -> (ServedFile, Attempt) {
      attempts += 1
      if let replacement = replacements.removeValue(forKey: attempts) { file = replacement }
      return (file, plan.indices.contains(attempts - 1) ? plan[attempts - 1] : otherwise)
    }
  }

  private let state: Mutex<State>

  public init(_ file: ServedFile, plan: [Attempt] = [], otherwise: Attempt = .whole) {
    state = Mutex(State(file: file, plan: plan, otherwise: otherwise))
  }

  /// Changes the state in one step, for all later requests.
  public func update(_ change: (inout State) -> Void) {
    state.withLock { change(&$0) }
  }

  /// Replaces content and validators from now on.
  public func replace(with file: ServedFile) {
    update { $0.file = file }
  }

  /// Replaces content and validators from that request on.
  public func replace(with file: ServedFile, fromRequest number: Int) {
    update { $0.replacements[number] = file }
  }

  public var attempts: Int { state.withLock { $0.attempts } }

  /// The handler: `LoopbackServer(script.answer)`, or one of the routes of a `Router`.
  @Sendable public func answer(_ request: Request, _ responder: Responder) throws {
    let (file, attempt) = state.withLock { $0.next() }
    if let gate = attempt.silence { try responder.wait(until: gate) }
    switch attempt.answer {
    case .raw(let bytes, let content):
      var left = attempt.cut?.offset ?? Int.max
      try responder.sendRaw(bytes.prefix(left))
      left -= min(left, bytes.count)
      var offset = 0
      while offset < min(left, content.count) {
        let piece = content.piece(at: offset, limit: min(64 << 10, left - offset))
        try responder.sendRaw(piece)
        offset += piece.count
      }
      if case .reset = attempt.cut { try responder.reset() } else { responder.close() }
    case .hangUp: responder.close()
    case .reset: try responder.reset()
    case .page(let status, let headers, let body):
      let reply = Reply(status: status, headers: headers, content: body, range: 0..<body.count, length: .contentLength)
      try reply.send(by: attempt, to: responder)
    case .file:
      try Reply(to: request, file: file, attempt: attempt).send(by: attempt, to: responder)
    }
  }
}

extension LoopbackServer {
  /// Creates a server that answers every path by the script.
  public convenience init(_ script: FileScript) throws {
    try self.init(script.answer)
  }
}
