import ArgumentParser
import Failures
import LoadStage
import StageKit

/// How much is kept.
struct RetentionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      After the load, remove all snapshots but the newest N published ones, the newest N others and the current one \
      (run, gc: KEEP, or 7).
      """,
      valueName: "N"))
  var keep: String?
  @Option(
    help: ArgumentHelp(
      "Delete findings and the change feed from the database after so many days (RETAIN_DAYS; default: findings after 90, the feed never).",
      valueName: "DAYS"))
  var retainDays: String?

  /// Whether a load is to clean up at all.
  var isAsked: Bool { keep != nil || retainDays != nil }

  func resolve() throws -> RetentionLimits {
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
