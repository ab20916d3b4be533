import Dispatch
import Glibc
import StructuredLogging
import Support
import Synchronization

/// Sends log records to CloudWatch Logs, in a thread of its own. Whoever logs never waits: a record goes into a bounded
/// queue and, for the case that this process ends before it is sent, into a file.
public final class CloudWatchOutput: LogOutput {
  /// What became of the events that are not simply sent.
  public struct Report: Sendable, Equatable {
    /// They wait on disk for the next process.
    public var waiting = 0
    /// Sent, and not kept by CloudWatch: too old, too new, or not acceptable.
    public var rejected = 0
    /// Neither sent nor waiting: no room was left for them.
    public var dropped = 0
    /// Files of earlier processes that went for want of room.
    public var droppedFiles = 0
    /// Why the files of earlier processes could not be listed.
    public var folderProblem: String?
    /// Why sending did not go on, or paused at last.
    public var reason: String?
    /// Why a batch was not acceptable.
    public var rejectionReason: String?
    /// Whether the thread that sends has ended.
    public var isThreadEnded = true

    public init() {}
  }

  private struct State {
    var queue: [PendingEvent] = []
    var bytes = 0
    var files: [PendingFile] = []
    /// The number of this process's own file; nil before the first event, and where there can be none.
    var ownFile: Int?
    var isFileTried = false
    var report = Report()
    /// On the monotonic clock; nil until the process ends.
    var endOfTime: Double?
    var isThreadStarted = false
  }

  public static let queueBytesMax = 8 << 20
  private static let queueEventsMax = 50_000

  private let settings: CloudWatchSettings
  private let state = Mutex(State())
  /// Signalled for each event and at the end.
  private let news = DispatchSemaphore(value: 0)
  private let thread = DispatchGroup()

  public init(_ settings: CloudWatchSettings) {
    self.settings = settings
    guard let path = settings.waitingFolder else { return }
    let folder = PendingFolder(path: path)
    state.withLock { state in
      do { state.report.droppedFiles = try folder.trim() } catch { state.report.folderProblem = "\(error)" }
      (state.files, state.queue) = folder.claim(for: settings.destination, bytes: Self.queueBytesMax / 2)
      state.bytes = state.queue.reduce(0) { $0 + $1.bytes }
      if !state.queue.isEmpty { startThread(&state) }
    }
  }

  public func write(_ record: LogRecord) {
    var event = PendingEvent(
      millisecondsSince1970: record.time.millisecondsSince1970, message: JSONLine.text(record, path: .console))
    state.withLock { state in
      guard state.bytes + event.bytes <= Self.queueBytesMax, state.queue.count < Self.queueEventsMax else {
        state.report.dropped += 1
        return
      }
      store(&event, &state)
      state.queue.append(event)
      state.bytes += event.bytes
      startThread(&state)
    }
    news.signal()
  }

  /// Sends what is left, for as long as the settings allow.
  ///
  /// - Returns: what became of the rest. What is logged after it is not sent.
  public func close() -> Report {
    let end = MonotonicClock.seconds() + settings.exitSeconds
    state.withLock { $0.endOfTime = end }
    news.signal()
    // A call that is under way ends within a second of its time, which is how often libcurl looks at the clock.
    let isEnded = thread.wait(timeout: .now() + settings.exitSeconds + 2) == .success
    return state.withLock { state in
      var report = state.report
      report.waiting = state.queue.count { $0.place != nil }
      report.dropped += state.queue.count - report.waiting
      report.isThreadEnded = isEnded
      if isEnded {
        for (number, file) in state.files.enumerated() where !state.queue.contains(where: { $0.place?.file == number })
        {
          file.remove()
        }
        // Their locks go with them: the next process may take the rest over.
        (state.files, state.queue, state.ownFile) = ([], [], nil)
      }
      return report
    }
  }

  /// Writes the event down, where that is possible.
  private func store(_ event: inout PendingEvent, _ state: inout State) {
    if !state.isFileTried {
      state.isFileTried = true
      let name = "\(event.millisecondsSince1970)-\(getpid()).events"
      if let folder = settings.waitingFolder,
        let file = PendingFile.make(in: folder, name: name, for: settings.destination)
      {
        state.ownFile = state.files.count
        state.files.append(file)
      }
    }
    if let number = state.ownFile, let end = state.files[number].append(event) {
      event.place = PendingEvent.Place(file: number, end: end)
    }
  }

  private func startThread(_ state: inout State) {
    guard !state.isThreadStarted else { return }
    thread.enter()
    state.isThreadStarted = BlockingThread.start { [self] in
      run()
      thread.leave()
    }
    // Without a thread the events wait, and the next one tries again.
    if !state.isThreadStarted { thread.leave() }
  }

  private func run() {
    let api = LogsAPI(settings, secondsLeft: { [self] in secondsLeft })
    var backoff = Backoff()
    var limit = EventBatch.eventsMax
    while true {
      collectWaiting()
      let now = LogTime.now().millisecondsSince1970
      let (count, batch) = state.withLock { EventBatch.first(of: $0.queue.lazy.map { $0.sent(at: now) }, limit: limit) }
      if batch.isEmpty {
        if isEnding { return }
        continue
      }
      var outcome = api.putEvents(batch)
      if outcome == .missing {
        outcome = api.makeStream()
        if case .accepted = outcome { outcome = api.putEvents(batch) }
      }
      switch outcome {
      case .accepted(let rejected):
        (backoff, limit) = (Backoff(), min(EventBatch.eventsMax, limit * 2))
        confirm(count, rejected: rejected)
      case .unacceptable(let reason):
        // One of them is at fault: it is found by halves, and the others go.
        if count == 1 { confirm(1, rejected: 1, rejectionReason: reason) } else { limit = count / 2 }
      case .missing: pause("the log stream is missing, and is missing again once it is made", &backoff)
      case .again(let reason): pause(reason, &backoff)
      case .refused(let reason): return state.withLock { $0.report.reason = reason }
      }
      if secondsLeft <= 0 { return }
    }
  }

  /// Waits until there is something to send and some time went by in which more may have come, or the process ends.
  private func collectWaiting() {
    while state.withLock({ $0.queue.isEmpty && $0.endOfTime == nil }) { news.wait() }
    let until = MonotonicClock.seconds() + settings.gatherSeconds
    while true {
      let isFull = state.withLock { state in
        state.endOfTime != nil || state.bytes >= EventBatch.bytesMax || state.queue.count >= EventBatch.eventsMax
      }
      let left = until - MonotonicClock.seconds()
      if isFull || left <= 0 { return }
      _ = news.wait(timeout: .now() + left)
    }
  }

  /// The end of the process cuts a pause short: to what is left, and to a fraction of a second in which it is tried
  /// again.
  private func pause(_ reason: String, _ backoff: inout Backoff) {
    state.withLock { $0.report.reason = reason }
    let seconds = backoff.next()
    let until = MonotonicClock.seconds() + seconds
    while !isEnding {
      let left = until - MonotonicClock.seconds()
      if left <= 0 { return }
      _ = news.wait(timeout: .now() + left)
    }
    usleep(UInt32(max(0, min(0.5, seconds, secondsLeft)) * 1e6))
  }

  /// The first events of the queue are over and done with.
  private func confirm(_ count: Int, rejected: Int, rejectionReason: String? = nil) {
    state.withLock { state in
      var ends: [Int: Int] = [:]
      for event in state.queue.prefix(count) {
        state.bytes -= event.bytes
        if let place = event.place { ends[place.file] = max(ends[place.file] ?? 0, place.end) }
      }
      state.queue.removeFirst(count)
      state.report.rejected += rejected
      state.report.reason = nil
      state.report.rejectionReason = rejectionReason ?? state.report.rejectionReason
      for (number, end) in ends {
        state.files[number].advance(to: end)
        // Another process's: nothing more comes into it.
        if number != state.ownFile, !state.queue.contains(where: { $0.place?.file == number }) {
          state.files[number].remove()
        }
      }
    }
  }

  private var isEnding: Bool { state.withLock { $0.endOfTime != nil } }

  private var secondsLeft: Double {
    state.withLock { $0.endOfTime }.map { $0 - MonotonicClock.seconds() } ?? .infinity
  }
}

/// Longer and longer pauses, each drawn by lot so that many processes do not come back at once.
private struct Backoff {
  private var seconds = 0.5

  mutating func next() -> Double {
    defer { seconds = min(10, seconds * 2) }
    return seconds * Double.random(in: 0.5...1)
  }
}
