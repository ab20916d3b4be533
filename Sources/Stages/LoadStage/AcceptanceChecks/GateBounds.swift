import CommandKit

extension GateBounds {
  /// A share of fewer records says nothing.
  static let recordsMin = 100
  /// The same for a city or county.
  static let cityRecordsMin = 50
}
