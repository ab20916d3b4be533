import Dispatch
import Glibc
import StructuredLogging
import Support
import Synchronization

/// Sends log records to CloudWatch Logs on its own thread. Logging never waits: a record goes into a bounded queue, and
/// into a file in case this process ends before it is sent.
public final class CloudWatchOutput: LogOutput {
  /// Counts of events that could not be sent, and the reasons.
  public struct Report: Sendable, Equatable {
    /// Events on disk that wait for the next process.
    public var waiting = 0
    /// Events that were sent but that CloudWatch does not keep: too old, too new, or not acceptable.
    public var rejected = 0
    /// Events that were neither sent nor stored, for lack of space.
    public var dropped = 0
    /// Files of earlier processes that were removed for lack of space.
    public var droppedFiles = 0
    /// Events that waited and cannot be read, and files of which none can be read.
    public var damagedLines = 0
    public var damagedFiles = 0
    /// Why the files of earlier processes could not be listed.
    public var folderProblem: String?
    /// Why sending stopped, or last paused.
    public var reason: String?
    /// Why CloudWatch did not accept a batch.
    public var rejectionReason: String?
    /// Whether the thread that sends has ended.
    public var isThreadEnded = true

    public init() {}
  }

  private struct State {
    var queue: [PendingEvent] = []
    var bytes = 0
    var files: [PendingFile] = []
    /// The number of this process's own file; nil before the first event, and if it cannot be created.
    var ownFile: Int?
    var isFileTried = false
    var report = Report()
    /// The deadline on the monotonic clock; nil until the process ends.
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
      let claim = folder.claim(for: settings.destination, bytes: Self.queueBytesMax / 2)
      (state.files, state.queue) = (claim.files, claim.events)
      (state.report.damagedLines, state.report.damagedFiles) = (claim.damagedLines, claim.damagedFiles)
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

  /// Sends the remaining events, for as long as the settings allow.
  ///
  /// - Returns: a report on the rest. Events that are logged later are not sent.
  public func close() -> Report {
    let end = MonotonicClock.seconds() + settings.exitSeconds
    state.withLock { $0.endOfTime = end }
    news.signal()
    // A call ends at most a second after its deadline, since libcurl checks the clock once a second.
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
        // This releases their locks: the next process may claim the rest.
        (state.files, state.queue, state.ownFile) = ([], [], nil)
      }
      return report
    }
  }

  /// Stores the event on disk, if possible.
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
    // Without a thread the events wait; the next event tries again.
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
        // One of the events is the cause. Halving the batch finds it, and the others are sent.
        if count == 1 { confirm(1, rejected: 1, rejectionReason: reason) } else { limit = count / 2 }
      case .missing: pause("the log stream is missing, even after it was created", &backoff)
      case .again(let reason): pause(reason, &backoff)
      case .refused(let reason): return state.withLock { $0.report.reason = reason }
      }
      if secondsLeft <= 0 { return }
    }
  }

  /// Waits for events, and then for more of them, until a batch is full or `gatherSeconds` have passed. The end of the
  /// process ends the wait.
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

  /// Waits before the next attempt. At the end of the process, the wait is cut to the time left, and to half a second.
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

  /// Removes the first events of the queue, which were sent or rejected.
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
        // A file of an earlier process gets no more events.
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

/// Growing pauses of random length, so that many processes do not retry at the same time.
private struct Backoff {
  private var seconds = 0.5

  mutating func next() -> Double {
    defer { seconds = min(10, seconds * 2) }
    return seconds * Double.random(in: 0.5...1)
  }
}
