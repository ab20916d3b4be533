import Dispatch
import Support
import Synchronization
import Testing

@Suite struct WorkListTests {
  private struct Problem: Error, Equatable { let item: Int }

  @Test func eachItemIsProcessedOnce() throws {
    let taken = Mutex<[Int]>([])
    try WorkList(Array(0..<1000)).run(threads: 4) { list in
      while let item = list.next() { taken.withLock { $0.append(item) } }
    }
    #expect(taken.withLock { $0.sorted() } == Array(0..<1000))
    try WorkList([Int]()).run(threads: 4) { _ in throw Problem(item: -1) }
  }

  /// The other thread is working when the first one fails, and gets no further item.
  @Test(.timeLimit(.minutes(1))) func theFirstFailureEndsAllThreads() {
    let taken = Mutex<[Int]>([])
    let bothAtWork = DispatchSemaphore(value: 0)
    let list = WorkList(Array(0..<1000))
    #expect(throws: Problem(item: 0)) {
      try list.run(threads: 2) { list in
        while let item = list.next() {
          taken.withLock { $0.append(item) }
          if item == 0 {
            bothAtWork.wait()
            throw Problem(item: item)
          }
          bothAtWork.signal()
          while !list.hasFailed {}
          // Only the first error is thrown.
          if item == 1 { throw Problem(item: item) }
        }
      }
    }
    #expect(taken.withLock { $0.sorted() } == [0, 1])
  }
}
