import StructuredLogging
import Synchronization

/// Reports a stage's progress: a live bar on a terminal, and a line every five seconds in every other log. Any thread
/// may report.
public final class ProgressReporter: Sendable {
  private struct State {
    var done = 0
    var nextBar = 0.0
    var nextLine = 0.0
    var isBarShown = false
  }

  private static let barSeconds = 0.2
  private static let lineSeconds = 5.0
  private static let hasBar = Terminal.isError && LogFormat.current.contains(.text)

  private let title: String
  private let unit: String
  private let total: Int?
  private let scale: Int
  private let log: EventLog
  private let started = Timestamp.monotonicSeconds()
  private let state = Mutex(State())

  /// - Parameters:
  ///   - unit: what is shown, for instance `MiB`.
  ///   - total: the number of reported units at the end, if it is known.
  ///   - scale: how many reported units make one shown unit: `1 << 20` for bytes shown as MiB.
  public init(_ title: String, unit: String, total: Int?, scale: Int = 1, log: EventLog) {
    self.title = title
    self.unit = unit
    self.total = total.map { $0 / scale }
    self.scale = scale
    self.log = log
    state.withLock { state in
      state.nextBar = started + Self.barSeconds
      state.nextLine = started + Self.lineSeconds
    }
  }

  public func add(_ count: Int) {
    let line = state.withLock { state -> (done: Int, seconds: Double)? in
      state.done += count
      let now = Timestamp.monotonicSeconds()
      let done = state.done / scale
      if Self.hasBar, now >= state.nextBar {
        state.nextBar = now + Self.barSeconds
        state.isBarShown = true
        StandardError.write("\r\u{1B}[K" + bar(done, seconds: now - started))
      }
      guard now >= state.nextLine else { return nil }
      state.nextLine = now + Self.lineSeconds
      return (done, now - started)
    }
    if let line { log.progress(text(line.done, seconds: line.seconds), done: line.done, total: total) }
  }

  /// Removes the bar; the summary reports the result.
  public func finish() {
    state.withLock { state in
      guard state.isBarShown else { return }
      state.isBarShown = false
      StandardError.write("\r\u{1B}[K")
    }
  }

  private func bar(_ done: Int, seconds: Double) -> String {
    guard let total, total > 0 else { return "\(title): " + text(done, seconds: seconds) }
    let filled = Int(min(1, Double(done) / Double(total)) * 30)
    let blocks = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
    return "\(title) [\(blocks)] " + text(done, seconds: seconds)
  }

  private func text(_ done: Int, seconds: Double) -> String {
    let rate = seconds > 0 ? Int(Double(done) / seconds) : 0
    guard let total, total > 0 else { return "\(done) \(unit), \(rate) \(unit)/s" }
    let share = Int(min(1, Double(done) / Double(total)) * 100)
    return "\(done)/\(total) \(unit), \(share) %, \(rate) \(unit)/s"
  }
}
