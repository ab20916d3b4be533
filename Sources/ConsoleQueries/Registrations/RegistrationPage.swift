/// One page of a search.
public struct RegistrationPage: Sendable, Equatable {
  public var rows: [Registration]
  /// Where the next page begins and the one before ends, as ``RegistrationSearch`` takes it; nil where there is none.
  public var next: String?
  public var previous: String?
  /// How many there are in all, where finding the first page has shown it; nil where there are many, and on other
  /// pages.
  public var total: Int?
}
