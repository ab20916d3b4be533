import Failures
import Spool
import TestCluster
import Testing

@testable import LoadStage

@Suite("The first load", .needsServer)
struct FirstLoadTests {
  @Test("fills the registry whole and leaves nothing of itself")
  func fillsTheRegistry() throws {
    try LoadHarness.with { harness in
      let rows = businesses(35)
      let outcome = try harness.load(rows)
      #expect(outcome.kind == .bulk)
      #expect(outcome.status == .success)
      #expect(outcome.before == RegistryState(registrations: 0, industries: 0))
      #expect(outcome.after == RegistryState(registrations: 35, industries: 70))
      #expect(outcome.changes.inserted == 35)
      try harness.expect(rows)
      #expect(try harness.jobs() == ["success|-"])
      #expect(
        try harness.database.rows("SELECT last_successful_batch, current_batch, total_batches FROM import_progress")
          == ["4|4|4"])
      #expect(
        try harness.database.rows("SELECT DISTINCT data_source_date, created_at = updated_at FROM tax_registration")
          == ["2026-09-01|t"])
    }
  }
}
