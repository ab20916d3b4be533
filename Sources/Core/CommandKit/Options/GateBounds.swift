/// Limits of the acceptance checks, with their defaults: how much a snapshot may differ from the last published one, in
/// percent.
public struct GateBounds: Sendable, Equatable {
  /// Fewer records.
  public var decrease = 5.0
  /// More records.
  public var increase = 10.0
  /// Changed or vanished businesses.
  public var change = 20.0
  /// Businesses that a single city or county lost.
  public var cityLoss = 50.0

  public init() {}
}
