import Dispatch

/// Lets so many chunks be judged at once. There is one worker more: it judges while another's files are flushed, which
/// takes a disk and no core.
struct JudgingSlots: Sendable {
  /// Workers to start. Where one chunk is judged at a time, everything has its order, and one worker does it.
  let workers: Int
  private let free: DispatchSemaphore

  init(jobs: Int) {
    workers = jobs == 1 ? 1 : jobs + 1
    free = DispatchSemaphore(value: jobs)
  }

  func hold<Result>(_ body: () throws -> Result) rethrows -> Result {
    free.wait()
    defer { free.signal() }
    return try body()
  }
}
