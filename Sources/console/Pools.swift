import Postgres
import Threads

/// The sessions that the server needs, by what they may do and how long they may take.
struct Pools {
  let pages: Pool
  let exports: Pool
  let desk: Pool
  let passwords: Pool

  /// - Parameter role: for reading the registry, quoted; nil where there is none.
  init(_ target: Target, role: String?) {
    func readOnly(_ timeout: String) -> @Sendable (inout Connection) throws -> Void {
      { connection in
        // Compiling a query takes longer than any of these queries does. Many people ask at once, so each gets one core, and
        // what they look for lies in memory.
        try connection.execute(
          """
          SET jit = off; SET max_parallel_workers_per_gather = 0; SET random_page_cost = 1.1;
          SET default_transaction_read_only = on; SET statement_timeout = '\(timeout)'
          """)
        if let role { try connection.execute("SET ROLE \(role)") }
      }
    }
    // Hardly more than there are cores, if the server is here: queries that share one all take longer, and nobody is sooner done.
    pages = Pool(
      target, applicationName: "registry console pages", size: max(3, Workers.coreCount + 1), setUp: readOnly("5s"))
    exports = Pool(
      target, applicationName: "registry console exports", size: 4, waitingLimit: 8, setUp: readOnly("10min"))
    desk = Pool(target, applicationName: "registry console desk", size: 4) { connection in
      try connection.execute("SET statement_timeout = '5s'")
    }
    passwords = Pool(target, applicationName: "registry console passwords", size: 2, waitingLimit: 20)
  }

  func close() { for pool in [pages, exports, desk, passwords] { pool.close() } }
}
