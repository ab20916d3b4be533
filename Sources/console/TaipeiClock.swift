import ConsoleWeb

enum TaipeiClock {
  /// Such as `2026-11-26 02:00:00 Taipei`.
  static func text(_ seconds: Int64) -> String { TaipeiTime.text(seconds) + " Taipei" }
}
