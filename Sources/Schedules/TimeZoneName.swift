import Foundation

extension TimeZone {
  /// The zone of an IANA name, `Area/Location` or UTC.
  ///
  /// Abbreviations and fixed offsets (EST, GMT+8, Etc/GMT-8) are refused: they say nothing of daylight saving time, the
  /// signs of the latter are the other way round, and CST is in Taipei as well as in Chicago.
  public static func named(_ name: String) throws(TimingError) -> TimeZone {
    let isPlain = name.utf8.count <= 64 && name.unicodeScalars.allSatisfy { letters.contains($0) }
    let isLocation = isPlain && name.contains("/") && !name.hasPrefix("Etc/") && !name.hasPrefix("SystemV/")
    guard isLocation || name == "UTC", let zone = TimeZone(identifier: name) else {
      throw TimingError(.unknownTimeZone, part: String(name.prefix(64)))
    }
    return zone
  }

  private static let letters = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")
}
