import Glibc
import Synchronization

/// How far a stage is: a live bar on a terminal, a line every few seconds otherwise. Any thread may report.
public final class Progress: Sendable {
  private struct State {
    var done = 0
    var next = 0.0
    var shown = false
  }

  private let title: String
  private let unit: String
  private let total: Int?
  private let scale: Int
  private let started = Clock.monotonicSeconds()
  private let state = Mutex(State())

  /// - Parameters:
  ///   - unit: what is counted, for instance `MiB`.
  ///   - total: how many there will be, where that is known.
  ///   - scale: how many of what is reported make one of what is shown: `1 << 20` for bytes shown as MiB.
  public init(_ title: String, unit: String, total: Int?, scale: Int = 1) {
    self.title = title
    self.unit = unit
    self.total = total.map { $0 / scale }
    self.scale = scale
    state.withLock { $0.next = started + (Terminal.isError ? 0.2 : 5) }
  }

  public func add(_ count: Int) {
    state.withLock { state in
      state.done += count
      let now = Clock.monotonicSeconds()
      guard now >= state.next else { return }
      state.next = now + (Terminal.isError ? 0.2 : 5)
      state.shown = true
      draw(state.done / scale, seconds: now - started)
    }
  }

  /// Takes the bar away; what was done is told by the summary.
  public func finish() {
    state.withLock { state in
      guard state.shown, Terminal.isError, LogFormat.current == .text else { return }
      state.shown = false
      LogSetup.write("\r\u{1B}[K")
    }
  }

  private func draw(_ done: Int, seconds: Double) {
    guard LogFormat.current == .text else { return }
    let rate = seconds > 0 ? Int(Double(done) / seconds) : 0
    var line = "\(title): \(done)"
    if let total, total > 0 {
      let share = min(1, Double(done) / Double(total))
      if Terminal.isError {
        let filled = Int(share * 30)
        line =
          "\(title) [" + String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
          + "] \(done)"
      }
      line += "/\(total) \(unit), \(Int(share * 100)) %"
    } else {
      line += " \(unit)"
    }
    line += ", \(rate) \(unit)/s"
    LogSetup.write(Terminal.isError ? "\r\u{1B}[K" + line : "\(Clock.wallTime()) \(line)\n")
  }
}
