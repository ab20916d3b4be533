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
  private let unit: ProgressUnit
  private let total: Int?
  private let log: EventLog
  private let started = Timestamp.monotonicSeconds()
  private let state = Mutex(State())

  /// - Parameters:
  ///   - unit: what is reported.
  ///   - total: how many there are at the end, if it is known.
  public init(_ title: String, unit: ProgressUnit, total: Int?, log: EventLog) {
    self.title = title
    self.unit = unit
    self.total = total
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
      if Self.hasBar, now >= state.nextBar {
        state.nextBar = now + Self.barSeconds
        state.isBarShown = true
        StandardError.write("\r\u{1B}[K" + bar(state.done, seconds: now - started))
      }
      guard now >= state.nextLine else { return nil }
      state.nextLine = now + Self.lineSeconds
      return (state.done, now - started)
    }
    guard let line else { return }
    log.progress(
      unit.text(line.done, of: total, seconds: line.seconds), done: line.done / unit.scale,
      total: total.map { $0 / unit.scale })
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
    let text = unit.text(done, of: self.total, seconds: seconds)
    guard let total, total > 0 else { return "\(title): " + text }
    let filled = Int(min(1, Double(done) / Double(total)) * 30)
    let blocks = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
    return "\(title) [\(blocks)] " + text
  }
}
