import Postgres
import Support

/// The server's session pools, by rights and time limit.
struct Pools {
  let pages: Pool
  let exports: Pool
  let store: Pool
  let passwords: Pool

  /// - Parameters:
  ///   - role: the role that reads the registry; nil for the rights of the login.
  ///   - searchPath: see ``RegistryPath``.
  init(_ target: DatabaseAddress, role: String?, searchPath: String?) {
    func readOnly(_ timeout: String) -> TransactionSettings {
      // JIT compilation takes longer than any of these queries. Many people query at once, so each query gets one core.
      // The data is in memory, so random reads cost little more than sequential ones.
      var settings = TransactionSettings([
        "jit": "off", "max_parallel_workers_per_gather": "0", "random_page_cost": "1.1", "statement_timeout": timeout,
      ])
      settings.isReadOnly = true
      settings.role = role
      if let searchPath { settings["search_path"] = searchPath }
      return settings
    }
    // One session more than cores, in case the server runs on this machine: with more, all queries take longer and none
    // finishes earlier.
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
