/// An invalid parameter of a query.
public struct QueryProblem: Error, Sendable, Equatable {
  /// Why a parameter is invalid.
  public enum Reason: String, Sendable, CaseIterable {
    /// Not eight ASCII digits.
    case ban
    /// Not one to eight ASCII digits (a BAN or its beginning).
    case banStart = "ban_start"
    /// Not one to six ASCII digits (an industry code or its beginning).
    case industry
    /// Fewer than two characters: half the registry may contain a single one.
    case tooShort = "too_short"
    case tooLong = "too_long"
    /// Not a whole amount from 0 to 2^63−1.
    case amount
    /// The minimum is greater than the maximum.
    case range
    /// Not one of the allowed values.
    case choice
    /// Not an existing date of the form YYYY-MM-DD.
    case date
    /// Not a city or county, which have three characters.
    case city
    /// Not a cursor of this list in this order.
    case place
  }

  /// The parameter's name, such as `capital_min`.
  public let parameter: String
  public let reason: Reason

  public init(_ parameter: String, _ reason: Reason) {
    self.parameter = parameter
    self.reason = reason
  }
}
