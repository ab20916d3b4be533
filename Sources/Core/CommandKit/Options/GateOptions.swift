import ArgumentParser
import Support

/// Limits of the acceptance checks: how much a snapshot may differ from the last published one.
public struct GateOptions: ParsableArguments {
  @Option(help: Self.help("the number of records falls by more than P%", "MAX_DECREASE", "5%"))
  public var maxDecrease: String?
  @Option(help: Self.help("the number of records rises by more than P%", "MAX_INCREASE", "10%"))
  public var maxIncrease: String?
  @Option(help: Self.help("more than P% of the businesses changed or vanished", "MAX_CHANGE", "20%"))
  public var maxChange: String?
  @Option(help: Self.help("a city or county lost more than P% of its businesses", "MAX_CITY_LOSS", "50%"))
  public var maxCityLoss: String?

  public init() {}

  public func resolve() throws(Failure) -> GateBounds {
    var bounds = GateBounds()
    bounds.decrease = try Self.percent(maxDecrease, "--max-decrease", "MAX_DECREASE") ?? bounds.decrease
    bounds.increase = try Self.percent(maxIncrease, "--max-increase", "MAX_INCREASE") ?? bounds.increase
    bounds.change = try Self.percent(maxChange, "--max-change", "MAX_CHANGE") ?? bounds.change
    bounds.cityLoss = try Self.percent(maxCityLoss, "--max-city-loss", "MAX_CITY_LOSS") ?? bounds.cityLoss
    return bounds
  }

  /// The first of these options on the command line; nil if there is none.
  var given: String? {
    let options = [
      ("--max-decrease", maxDecrease), ("--max-increase", maxIncrease), ("--max-change", maxChange),
      ("--max-city-loss", maxCityLoss),
    ]
    return options.first { $0.1 != nil }?.0
  }

  private static func help(_ what: String, _ variable: String, _ standard: String) -> ArgumentHelp {
    ArgumentHelp("Refuse a snapshot if \(what) (\(variable); default: \(standard)).", valueName: "P%")
  }

  private static func percent(_ option: String?, _ name: String, _ variable: String) throws(Failure) -> Double? {
    guard let text = option ?? Environment.value(variable) else { return nil }
    let digits = text.hasSuffix("%") ? text.dropLast() : text[...]
    guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let percent = Double(digits),
      percent <= 1_000_000
    else {
      throw Failure(
        .usage, "\(option == nil ? variable : name) '\(text)' is not a percentage", hint: "for instance \(name) 5%")
    }
    return percent
  }
}
