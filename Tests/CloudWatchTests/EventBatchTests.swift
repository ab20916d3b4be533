import CloudWatch
import SeededRandom
import TestSupport
import Testing

@Suite struct EventBatchTests {
  /// Splits random queues completely: every batch keeps the limits and is as long as they allow, and the batches
  /// together are the queue.
  @Test func everyBatchKeepsTheLimits() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var dice = SeededRandom(seed: seed)
    for _ in 0..<30 {
      let span = [1000, 30 * 3600 * 1000, 72 * 3600 * 1000].randomElement(using: &dice) ?? 1
      let length = [10, 500, 200_000].randomElement(using: &dice) ?? 1
      let count = Int.random(in: 1...(length > 1000 ? 60 : 25_000), using: &dice)
      let queue = (0..<count).map { number in
        PendingEvent(
          millisecondsSince1970: Int.random(in: 0...span, using: &dice),
          message: "\(number) " + String(repeating: "x", count: Int.random(in: 0...length, using: &dice)))
      }
      var rest = queue[...]
      while !rest.isEmpty {
        let (taken, batch) = EventBatch.first(of: rest)
        #expect(taken > 0 && batch.count == taken, "seed \(seed)")
        #expect(isAcceptable(batch), "seed \(seed)")
        let times = batch.map(\.millisecondsSince1970)
        #expect(times == times.sorted(), "seed \(seed)")
        #expect(Set(batch.map(\.message)) == Set(rest.prefix(taken).map(\.message)), "seed \(seed)")
        if taken < rest.count {
          #expect(!isAcceptable(Array(rest.prefix(taken + 1))), "seed \(seed): one more event would fit")
        }
        rest = rest.dropFirst(taken)
      }
    }
  }

  /// The limits in the reference of the API, written independently of the code under test.
  private func isAcceptable(_ batch: [PendingEvent]) -> Bool {
    let times = batch.map(\.millisecondsSince1970)
    return batch.count <= 10_000 && batch.reduce(0) { $0 + $1.message.utf8.count + 26 } <= 1_048_576
      && (times.max() ?? 0) - (times.min() ?? 0) <= 86_400_000
  }

  @Test func eventsWithTheSameTimeKeepTheirOrder() {
    let queue = (0..<100).map { PendingEvent(millisecondsSince1970: 7, message: "\($0)") }
    #expect(EventBatch.first(of: queue).batch == queue)
  }
}
