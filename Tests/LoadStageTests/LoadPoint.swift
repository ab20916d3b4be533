import FaultInjection
import LoadStage
import Synchronization

/// Points of a load at which a test injects a fault or checks what readers see.
enum LoadPoint: Sendable, Hashable {
  case jobOpened
  /// This many batches are written; the last one is right before its COMMIT.
  case batchStaged(Int)
  case batchCommitted(Int)
  /// Right before the COMMIT of the publication.
  case publishing
  case published
}

extension LoadSettings {
  /// Calls `body` at each point, from several threads.
  mutating func atPoints(_ body: @escaping @Sendable (LoadPoint) throws -> Void) {
    let batches = Mutex<[FaultSide: Int]>([:])
    @Sendable func number(_ side: FaultSide) -> Int {
      batches.withLock { batches in
        batches[side, default: 0] += 1
        return batches[side, default: 0]
      }
    }
    faultHook = { side, point in
      switch (point.description, side) {
      case ("job-run:commit", .after): try body(.jobOpened)
      case ("batch:commit", .before): try body(.batchStaged(number(side)))
      case ("batch:commit", .after): try body(.batchCommitted(number(side)))
      case ("publication:commit", .before): try body(.publishing)
      case ("publication:commit", .after): try body(.published)
      default: break
      }
    }
  }
}
