import Postgres
import Support

/// The sessions that the server needs, by what they may do and how long they may take.
struct Pools {
  let pages: Pool
  let exports: Pool
  let store: Pool
  let passwords: Pool

  /// - Parameters:
  ///   - role: for reading the registry; nil where there is none.
  ///   - searchPath: see ``RegistryPath``.
  init(_ target: DatabaseAddress, role: String?, searchPath: String?) {
    func readOnly(_ timeout: String) -> TransactionSettings {
      // Compiling a query takes longer than any of these queries does. Many people query at once, so each query gets
      // one core, and the data is in memory.
      var settings = TransactionSettings([
        "jit": "off", "max_parallel_workers_per_gather": "0", "random_page_cost": "1.1", "statement_timeout": timeout,
      ])
      settings.isReadOnly = true
      settings.role = role
      if let searchPath { settings["search_path"] = searchPath }
      return settings
    }
    // Hardly more than there are cores, if the server is here: queries that share one all take longer, and nobody is
    // sooner done.
    pages = Pool(
      target, applicationName: "registry console pages", size: max(3, Workers.coreCount + 1), settings: readOnly("5s"))
    exports = Pool(
      target, applicationName: "registry console exports", size: 4, waitingLimit: 8, settings: readOnly("10min"))
    store = Pool(
      target, applicationName: "registry console store", size: 4,
      settings: TransactionSettings(["statement_timeout": "5s"]))
    passwords = Pool(target, applicationName: "registry console passwords", size: 2, waitingLimit: 20)
  }

  func close() { for pool in [pages, exports, store, passwords] { pool.close() } }
}
