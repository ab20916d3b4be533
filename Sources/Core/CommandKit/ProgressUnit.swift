/// What a progress report counts.
public enum ProgressUnit: Sendable {
  case bytes
  /// Things of this name, such as `records`.
  case things(String)

  private static let mebibyte = 1 << 20

  /// How many make one in the fields of the log, which has bytes in MiB.
  var scale: Int {
    switch self {
    case .bytes: Self.mebibyte
    case .things: 1
    }
  }

  /// Returns the progress as text, such as `0.8/3.2 MiB, 25 %, 410 KiB/s`.
  ///
  /// - Parameter total: the count at the end, if it is known.
  public func text(_ done: Int, of total: Int?, seconds: Double) -> String {
    let rate = seconds > 0 ? Int(Double(done) / seconds) : 0
    guard let total, total > 0 else { return "\(amount(done)) \(name), \(speed(rate))" }
    let share = Int(min(1, Double(done) / Double(total)) * 100)
    return "\(amount(done))/\(amount(total)) \(name), \(share) %, \(speed(rate))"
  }

  private var name: String {
    switch self {
    case .bytes: "MiB"
    case .things(let name): name
    }
  }

  /// Bytes below 10 MiB have one decimal, rounded down.
  private func amount(_ count: Int) -> String {
    guard case .bytes = self else { return "\(count)" }
    guard count < 10 * Self.mebibyte else { return "\(count / Self.mebibyte)" }
    let tenths = count * 10 / Self.mebibyte
    return "\(tenths / 10).\(tenths % 10)"
  }

  private func speed(_ rate: Int) -> String {
    guard case .bytes = self, rate < Self.mebibyte else { return "\(amount(rate)) \(name)/s" }
    return "\(rate >> 10) KiB/s"
  }
}
