import ArgumentParser
import Support

/// How much the spool and the database keep.
public struct RetentionLimits: Sendable, Equatable {
  /// Published snapshots that the spool keeps, the newest ones, and as many others. The current one is always kept.
  public var snapshots = 7
  /// Days that the database keeps findings.
  public var findingsDays = 90
  /// Days that the database keeps the change feed; nil to keep it forever.
  public var feedDays: Int?

  public init() {}
}

/// The options of retention.
public struct RetentionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Clean up: keep the newest N published snapshots, the newest N others, the current one and the one that a rollback goes to (KEEP; default: 7). load cleans up only with this option or --retain-days.",
      valueName: "N"))
  public var keep: String?
  @Option(
    help: ArgumentHelp(
      "Delete findings and changes that are older than DAYS days from the database (RETAIN_DAYS; default: findings after 90 days, changes never).",
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
  @Flag(help: "Read the registry's full content, and repair rows that were edited by hand.")
  public var verify = false

  public init() {}
}
