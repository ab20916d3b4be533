import Postgres
import Spool
import TestCluster
import TestSupport
import Testing

/// A sandbox whose source changes from day to day, and an empty schema into which the days are loaded.
struct Days {
  static let header =
    "營業地址,統一編號,總機構統一編號,營業人名稱,資本額,設立日期,組織別名稱,使用統一發票,行業代號,名稱,行業代號1,名稱1,行業代號2,名稱2,行業代號3,名稱3"

  let workshop = CommandSandbox()
  let database: TestDatabase

  static func with(_ body: (Days) throws -> Void) throws {
    try TestDatabase.with { database in try body(Days(database: database)) }
  }

  /// Returns a valid record.
  static func record(_ ban: Int, _ name: String, capital: String = "1000") -> String {
    "臺北市信義區市府路１號,\(ban),,\(name),\(capital),1040413,獨資,Y,471913,雜貨,,,,,,"
  }

  /// Returns `count` valid records, whose BANs have the right check digit.
  static func records(_ count: Int) -> [String] {
    validBANs.prefix(count).enumerated().map { record($1, "第\($0)商店") }
  }

  /// BANs with the right check digit, in order.
  static let validBANs: [Int] = (20_000_000..<20_004_000).filter { ban in
    let weights = [1, 2, 1, 2, 1, 2, 4, 1]
    let digits = String(ban).utf8.map { Int($0) - 48 }
    let sum = zip(digits, weights).reduce(0) { sum, pair in
      let product = pair.0 * pair.1
      return sum + product / 10 + product % 10
    }
    return sum % 5 == 0
  }

  var variables: [String: String] { ["DATABASE_URL": database.url] }

  /// Fetches and transforms the source of a day in September 2026.
  @discardableResult
  func fetch(_ records: [String], day: Int, maxRejects: String = "100%") throws -> SnapshotFolder {
    let stamp = "0\(day)-SEP-26" + String(repeating: ",", count: 15)
    let text = ([Self.header, stamp] + records).joined(separator: "\n") + "\n"
    try workshop.succeed("fetch", "--source", workshop.file(text), "--chunk-size", "40")
    try workshop.succeed("transform", "--max-rejects", maxRejects)
    return try #require(try workshop.snapshots.last)
  }

  /// Runs a subcommand of `load`, or without one the load itself.
  func load(_ arguments: String..., variables: [String: String] = [:]) throws -> Ended {
    try workshop.command("load", arguments, self.variables.merging(variables) { $1 }).run()
  }

  /// Runs `load` and requires exit code 0.
  @discardableResult
  func succeed(
    _ arguments: String..., variables: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Ended {
    let ended = try workshop.command("load", arguments, self.variables.merging(variables) { $1 }).run()
    try #require(ended.code == 0, "load \(arguments): \(ended)", sourceLocation: sourceLocation)
    return ended
  }

  /// Returns BAN and name of every business.
  func names() throws -> [String] { try database.rows("SELECT ban, business_name FROM tax_registration ORDER BY ban") }

  /// Returns the action of each publication.
  func actions() throws -> [String] { try database.rows("SELECT action FROM publication ORDER BY id") }
}
