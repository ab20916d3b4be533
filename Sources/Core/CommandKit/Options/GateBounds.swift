/// How much a snapshot may differ from the one published last, in percent. The defaults are here.
public struct GateBounds: Sendable, Equatable {
  /// Records that may be missing.
  public var decrease = 5.0
  /// Records that may be more.
  public var increase = 10.0
  /// Businesses that may have changed or vanished.
  public var change = 20.0
  /// Businesses that a single city or county may have lost.
  public var cityLoss = 50.0

  public init() {}
}
