/// The languages of the interface, the first one first.
public enum Language: String, Sendable, CaseIterable {
  case chinese = "zh-TW"
  case english = "en"

  /// The other one, a click away.
  public var other: Language { self == .chinese ? .english : .chinese }
}
