import ArgumentParser
import Support

/// How long things are kept.
public struct RetentionLimits: Sendable, Equatable {
  /// Snapshots in the spool that were published, the newest ones, and as many others; the one that is published now
  /// stays anyway.
  public var snapshots = 7
  /// Days that the database keeps findings.
  public var findingsDays = 90
  /// Days that it keeps the change feed, nil for ever.
  public var feedDays: Int?

  public init() {}
}

/// How much is kept.
public struct RetentionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "After the load, remove all snapshots but the newest N published ones, the newest N others and the current one (run, gc: KEEP, or 7).",
      valueName: "N"))
  public var keep: String?
  @Option(
    help: ArgumentHelp(
      "Delete findings and the change feed from the database after so many days (RETAIN_DAYS; default: findings after 90, the feed never).",
      valueName: "DAYS"))
  public var retainDays: String?

  public init() {}

  /// Whether the command line asks for a clean-up.
  public var isAsked: Bool { keep != nil || retainDays != nil }

  public func resolve() throws(Failure) -> RetentionLimits {
    var limits = RetentionLimits()
    limits.snapshots =
      try Environment.number(keep, named: "--keep", variable: "KEEP", in: 1...1_000_000) ?? limits.snapshots
    if let days = try Environment.number(retainDays, named: "--retain-days", variable: "RETAIN_DAYS", in: 1...36_500) {
      limits.findingsDays = days
      limits.feedDays = days
    }
    return limits
  }
}

/// Whether rows that were edited by hand are repaired.
public struct VerifyOptions: ParsableArguments {
  @Flag(help: "Read the registry's full content, and make right what a hand has edited in it.")
  public var verify = false

  public init() {}
}
