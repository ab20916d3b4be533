import LoadStage
import Synchronization
import TestCluster

/// Records which locks the sessions of a load hold or wait for on the registry's tables.
final class LockWatch: Sendable {
  private let database: TestDatabase
  private let found = Mutex<[LoadPoint: Set<String>]>([:])

  init(_ database: TestDatabase) { self.database = database }

  /// The application name that the load's sessions must use.
  var applicationName: String { "watched_" + database.name }

  func record(_ point: LoadPoint) throws {
    let locks = try database.rows(
      """
      SELECT DISTINCT l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE a.application_name = '\(applicationName)'
        AND l.relation IN ('tax_registration'::regclass, 'business_industry'::regclass)
      """)
    found.withLock { $0[point, default: []].formUnion(locks) }
  }

  /// Returns the lock modes by point since the last call.
  func recorded() -> [LoadPoint: Set<String>] {
    found.withLock { found in
      defer { found = [:] }
      return found
    }
  }
}
