import Dispatch
import Synchronization

/// Passes pieces of a file from a blocking producer thread to the task that sends them, a few at a time. The sending
/// task owns the stream: when it releases the stream, the producer is stopped.
final class BackpressuredStream: Sendable {
  /// The client has read nothing for 15 seconds, or has disconnected.
  struct Abandoned: Error {}

  private let pipe = Pipe()
  private let producer: Task<Void, Never>

  /// Starts the producer.
  ///
  /// - Parameter produce: writes the pieces; `write` blocks while the stream is full, and throws ``Abandoned``.
  init(_ produce: @escaping @Sendable (_ write: @escaping @Sendable ([UInt8]) throws -> Void) async throws -> Void) {
    producer = Task { [pipe] in
      do {
        try await produce { try pipe.send($0) }
        pipe.end(with: .success(nil))
      } catch { pipe.end(with: .failure(error)) }
    }
  }

  deinit { stop() }

  /// Returns the next piece; nil at the end. Cancelling the task stops the producer.
  func next() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await pipe.next()
    } onCancel: {
      stop()
    }
  }

  private func stop() {
    pipe.abandon()
    producer.cancel()
  }

  private final class Pipe: Sendable {
    private struct State {
      var pieces: [[UInt8]] = []
      var end: Result<[UInt8]?, any Error>?
      var isAbandoned = false
      var taker: CheckedContinuation<[UInt8]?, any Error>?
    }

    private let state = Mutex(State())
    /// Created with 0 and then raised: Dispatch crashes if a semaphore is released with less than its initial value.
    private let room = DispatchSemaphore(value: 0)
    private static let piecesMax = 4
    private static let patience = DispatchTimeInterval.seconds(15)

    init() { for _ in 0..<Self.piecesMax { room.signal() } }

    func send(_ piece: [UInt8]) throws {
      guard room.wait(timeout: .now() + Self.patience) == .success else { throw Abandoned() }
      let taker = try state.withLock { state in
        if state.isAbandoned { throw Abandoned() }
        guard let taker = state.taker else {
          state.pieces.append(piece)
          return CheckedContinuation<[UInt8]?, any Error>?.none
        }
        state.taker = nil
        return taker
      }
      guard let taker else { return }
      room.signal()
      taker.resume(returning: piece)
    }

    func end(with result: Result<[UInt8]?, any Error>) {
      let taker = state.withLock { state in
        state.end = result
        defer { state.taker = nil }
        return state.taker
      }
      taker?.resume(with: result)
    }

    func next() async throws -> [UInt8]? {
      try await withCheckedThrowingContinuation { continuation in
        let ready: Result<[UInt8]?, any Error>? = state.withLock { state in
          if !state.pieces.isEmpty {
            room.signal()
            return .success(state.pieces.removeFirst())
          }
          if state.end == nil { state.taker = continuation }
          return state.end
        }
        if let ready { continuation.resume(with: ready) }
      }
    }

    func abandon() {
      state.withLock { $0.isAbandoned = true }
      room.signal()
    }
  }
}
