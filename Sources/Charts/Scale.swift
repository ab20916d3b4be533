/// An axis from zero to a round number that covers the largest value, with ticks 1, 2 or 5 times a power of ten apart.
struct Scale {
  private let step: Double
  private let steps: Int

  /// - Parameter whole: whether the values are all whole numbers; then the ticks are, too: there is no half business.
  init(covering maximum: Double, whole: Bool) {
    // With nothing but zeros any scale is right. Ticks are no finer than a billionth, which `Figure` writes in digits.
    let maximum = maximum > 0 ? max(maximum, 1e-8) : 1
    let least = whole ? max(maximum / 4, 1) : maximum / 4
    var power = 1.0
    while power > least { power /= 10 }
    while power * 10 <= least { power *= 10 }
    let step = [1, 2, 5].map { $0 * power }.first { $0 >= least } ?? power * 10
    self.step = step
    steps = Int((maximum / step).rounded(.up))
  }

  var ticks: [Double] { (0...steps).map { Double($0) * step } }

  /// Which part of the axis a value takes.
  func share(_ value: Double) -> Double { value / (Double(steps) * step) }
}
