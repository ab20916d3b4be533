/// A parameter of a query that cannot be understood.
public struct QueryProblem: Error, Sendable, Equatable {
  public enum Reason: String, Sendable, CaseIterable {
    /// Not eight ASCII digits.
    case ban
    /// Not one to eight ASCII digits: a BAN or its beginning.
    case banStart = "ban_start"
    /// Not one to six ASCII digits: an industry's code or its beginning.
    case industry
    /// Fewer than two characters: half the registry contains one.
    case tooShort = "too_short"
    case tooLong = "too_long"
    /// Not a whole amount from 0 on, or over 2^63−1.
    case amount
    /// The least is more than the most.
    case range
    /// None of the values that there are.
    case choice
    /// No real date of the form YYYY-MM-DD.
    case date
    /// No city or county: not three characters.
    case city
    /// No place in a list that a page gave, or one in a list of another order.
    case place
  }

  /// Its name, such as `capital_min`.
  public let parameter: String
  public let reason: Reason

  public init(_ parameter: String, _ reason: Reason) {
    self.parameter = parameter
    self.reason = reason
  }
}
