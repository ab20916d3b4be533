import ConsoleQueries
import Testing

@Suite("A run's summary")
struct RunSummaryTests {
  /// A summary as the pipeline prints it, shortened.
  static let failed = """
    {
      "error" : {
        "exit_code" : 65, "hints" : ["list its rejected records", "publish it all the same"],
        "message" : "snapshot S-1 is refused: 9000 records where snapshot S-0 has 20340: 55.75 % fewer", "stage" : "load"
      },
      "findings" : { "BAN_CHECKSUM" : 20, "INVALID_BAN" : 3 },
      "job_run_id" : 4, "run_id" : "5a62ebff-8d0a-44eb-9bf2-823c0d1b7a29", "snapshot" : "S-1",
      "source" : "/tmp/half.csv", "source_date" : null,
      "stages" : {
        "fetch" : { "records" : 9000, "records_per_second" : 548600, "result" : "done", "seconds" : 0.016 },
        "load" : { "result" : "failed", "seconds" : 2.5 }
      },
      "status" : "failed",
      "totals" : { "blank" : 1, "duplicated" : 2, "failed" : 3, "processed" : 8994, "total" : 9000 }
    }
    """

  @Test("impossible counts do not crash the console")
  func hugeNumbers() {
    #expect(!RecordCounts(total: .max, processed: .max, failed: .max, duplicated: .min, blank: .max).reconcile)
    #expect(!RecordCounts(total: .min, processed: .max).reconcile)
    #expect(RecordCounts(total: 10, processed: 4, failed: 3, duplicated: 2, blank: 1).reconcile)
  }

  @Test("the summary of a failed run has its error, stage and hints")
  func failure() throws {
    let summary = try #require(RunSummary(json: Self.failed))
    #expect(summary.status == "failed" && summary.snapshot == "S-1" && summary.sourceDate == nil)
    #expect(summary.problem?.stage == "load" && summary.problem?.exitCode == 65 && summary.problem?.hints.count == 2)
    #expect(summary.refusal?.reasons == ["9000 records where snapshot S-0 has 20340: 55.75 % fewer"])
    #expect(summary.stages.map(\.name) == ["fetch", "load"])
    #expect(summary.stages.map(\.recordsPerSecond) == [548_600, nil])
    #expect(summary.findings == ["BAN_CHECKSUM": 20, "INVALID_BAN": 3])
    #expect(summary.counts == RecordCounts(total: 9000, processed: 8994, failed: 3, duplicated: 2, blank: 1))
    #expect(summary.counts?.reconcile == true)
    #expect(summary.jobRunID == 4 && summary.database == nil)
  }

  @Test("the summary of a published run has the registry's counts")
  func published() throws {
    let summary = try #require(
      RunSummary(
        json: """
          {"status": "success", "stages": {}, "database": {"before": {"registrations": 1, "industries": 2},
           "after": {"registrations": 3, "industries": 4}, "inserted": 5, "updated": 6, "removed": 7}}
          """))
    let database = try #require(summary.database)
    #expect([database.registrations, database.inserted, database.updated, database.removed] == [3, 5, 6, 7])
    #expect(summary.problem == nil && summary.refusal == nil)
  }

  @Test("a dry run after a rollback says that the source is not loaded, and what it would change")
  func rolledBack() throws {
    let summary = try #require(
      RunSummary(
        json: """
          {"status": "unchanged", "stages": {}, "check": {"registrations": 300, "refusals": [], "rolled_back_to": "S-1",
           "changes": {"kinds": {"added": 40}, "columns": {"business_name": 1}, "reasons": {}}}}
          """))
    #expect(summary.check?.rolledBackTo == "S-1" && summary.check?.registrationsAfter == 340)
    #expect(summary.check?.changes.columns == ["business_name": 1])
  }

  @Test("other JSON is not a summary", arguments: ["", "{}", "[]", "null", #"{"status": 1, "stages": {}}"#])
  func nothing(_ text: String) { #expect(RunSummary(json: text) == nil) }
}
