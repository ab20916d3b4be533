import CommandKit
import FaultInjection
import Spool

extension FaultPoint {
  /// The steps in which load and its subcommands change the spool and the database.
  public static let load: [FaultPoint] = run + feedFiles + cleanup + statements

  private static let feedFiles =
    steps(".changes.lock", .create) + steps(".use.lock", .create)
    + steps("changes", .makeFolder, .flushFolder) + steps(FaultSubject.snapshot, .flushFolder)
    + durableFile("changes/N.jsonl.zst") + durableFile("changes/N.json") + steps("changes/N.json", .remove)
    + durableFile("accepted.json")

  /// The removal of a snapshot, with every file that it can have.
  private static let cleanup =
    [
      ".settle.lock", ".use.lock", "source.json", "fetch.json", "fetch/N.csv.zst", "fetch/N.json", "transform.json",
      "transform/.N.lock", "transform/N.registrations.tsv", "transform/N.industries.tsv",
      "transform/N.findings.jsonl", "transform/N.json", "changes/N.jsonl.zst",
    ].flatMap { steps($0, .remove) }
    + [FaultSubject.snapshot, "fetch", "transform", "changes"].flatMap { steps($0, .removeFolder) }

  private static let statements =
    statements(nil, session) + statements("migration", migration) + statements("job-run", jobRun)
    + statements("leftovers", leftovers) + statements("check", [])
    + statements("take-over", acquire) + statements("batch", batch) + statements("index", index)
    + statements("rebuild", rebuild) + statements("publication", publication + swap + samples + difference)
    + statements("refusal", refusal)
    + statements("feed-expiry", feedExpiry) + statements("checkpoint", checkpoint)

  private static func statements(_ transaction: String?, _ names: [String]) -> [FaultPoint] {
    (transaction == nil ? names : ["begin", "commit"] + names).map { statement($0, in: transaction) }
  }

  private static let session =
    [
      "UPDATE etl_job_run", "UPDATE import_progress", "ANALYZE incoming_registration",
      "ANALYZE tax_registration_bulk",
      "ALTER TABLE tax_registration_bulk", "ALTER TABLE business_industry_bulk", "DELETE data_import_error",
    ] + (indexes + ["tax_registration_wait_bulk"]).map { "DROP INDEX \($0)" }

  private static let migration = [
    "CREATE TABLE schema_migration", "CREATE TABLE etl_job_run", "CREATE TABLE current_load",
    "CREATE TABLE registration_change", "DO", "CREATE TABLE run_lock", "CREATE FUNCTION address_city",
    "INSERT schema_migration",
  ]

  private static let jobRun = ["INSERT etl_job_run", "INSERT import_progress"]

  /// Clears load_batch and discards what is staged.
  private static let discard = [
    "DELETE load_batch", "DELETE incoming_removal", "DELETE incoming_registration", "DELETE incoming_industry",
    "UPDATE current_load",
  ]

  /// Drops the tables that a stopped rebuild left.
  private static let leftovers = ["DROP TABLE tax_registration_bulk", "DROP TABLE business_industry_bulk"]

  private static let acquire =
    discard
    + ["CREATE TABLE", "COMMENT TABLE", "ALTER TABLE", "DROP TABLE"].flatMap { verb in
      ["\(verb) tax_registration_bulk", "\(verb) business_industry_bulk"]
    }

  private static let batch =
    ["tax_registration_bulk", "business_industry_bulk", "incoming_registration", "incoming_industry"]
    .flatMap { ["COPY \($0)", "COPY \($0) rows"] } + ["INSERT load_batch", "INSERT data_import_error"]

  private static let indexes = [
    "tax_registration_business_name_idx_bulk", "tax_registration_business_type_idx_bulk",
    "tax_registration_capital_amount_idx_bulk", "tax_registration_headquarters_ban_idx_bulk",
    "tax_registration_city_district_idx_bulk",
    "business_industry_industry_code_idx_bulk",
  ]
  private static let primaryKeys = ["tax_registration_pkey_bulk", "business_industry_pkey_bulk"]

  private static let index =
    indexes.map { "CREATE INDEX \($0)" } + primaryKeys.map { "CREATE UNIQUE INDEX \($0)" }
    + ["COMMENT INDEX tax_registration_city_district_idx_bulk"]

  private static let publication =
    discard + [
      "INSERT publication", "UPDATE etl_job_run", "UPDATE import_progress", "INSERT industry", "UPDATE source_check",
    ]

  /// Swaps the full tables with the empty ones.
  private static let swap =
    [
      "LOCK TABLE tax_registration", "SAVEPOINT swap", "ALTER TABLE tax_registration_bulk",
      "ALTER TABLE business_industry_bulk",
      "COMMENT TABLE tax_registration_bulk", "COMMENT TABLE business_industry_bulk", "DROP TABLE business_industry",
    ] + (indexes + primaryKeys).map { "ALTER INDEX \($0)" }

  /// The first whole snapshot removes what samples left.
  private static let samples = [
    "registration_change", "registration_correction", "removed_registration", "registration_checkpoint", "publication",
  ]
  .map { "DELETE \($0)" }

  /// Fills new tables beside those that readers see.
  private static let rebuild =
    ["DELETE incoming_removal", "COPY incoming_removal", "COPY incoming_removal rows", "ANALYZE incoming_removal"]
    + ["CREATE TABLE", "COMMENT TABLE", "ALTER TABLE", "INSERT"].flatMap { verb in
      ["\(verb) tax_registration_bulk", "\(verb) business_industry_bulk"]
    }

  /// Writes only what differs.
  private static let difference =
    ["incoming_registration", "incoming_industry", "incoming_removal"].flatMap { ["COPY \($0)", "COPY \($0) rows"] } + [
      "ANALYZE incoming_removal", "UPDATE incoming_registration", "INSERT registration_change",
      "INSERT removed_registration", "DELETE tax_registration",
      "UPDATE tax_registration", "INSERT tax_registration", "DELETE business_industry", "UPDATE business_industry",
      "INSERT business_industry", "INSERT registration_correction", "UPDATE registration_correction",
      "DELETE registration_checkpoint", "UPDATE publication",
    ]

  private static let refusal = discard

  private static let feedExpiry = [
    "UPDATE publication", "DELETE registration_change", "DELETE registration_checkpoint",
  ]

  private static let checkpoint = ["INSERT registration_checkpoint", "UPDATE publication"]
}
