import ArgumentParser
import CommandKit
import ConsoleRunner
import ConsoleStore
import ConsoleWeb
import Glibc
import Hummingbird
import Logging
import Postgres
import ServiceLifecycle
import Spool
import StructuredLogging
import Support
import Synchronization

/// Runs the web server and the worker until a signal stops them. Runs under way continue unless `--stops-runs` is set.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve the pages and start scheduled runs (the default command).")

  @Option(help: "The address to listen on (CONSOLE_HOST).") var host: String?
  @Option(help: "The port, 0 for any free one (CONSOLE_PORT).") var port: String?
  @Option(help: "The folder of the spool (SPOOL_DIR).") var spool: String?
  @Flag(help: "The console is behind a TLS proxy that sets X-Forwarded-For (CONSOLE_BEHIND_TLS=yes).")
  var behindTLS = false
  @Option(
    help: ArgumentHelp(
      "Addresses of trusted proxies, with --behind-tls (CONSOLE_TRUSTED_PROXIES; default: 127.0.0.1,::1).",
      valueName: "ADDRESS[/BITS],…"))
  var trustedProxy: String?
  @Option(
    help: ArgumentHelp(
      "The host names that browsers use, besides localhost, --host and IP addresses (CONSOLE_PUBLIC_NAME).",
      valueName: "NAME[:PORT],…"))
  var publicName: String?
  @Flag(help: "Serve pages only: this console starts no runs.")
  var noWorker = false
  @Flag(
    help: "When the console ends, stop the run that it has started; for containers (CONSOLE_STOPS_RUNS=yes).")
  var stopsRuns = false
  @OptionGroup var database: DatabaseOptions

  func run() async throws {
    let logger = Logs.logger("console")
    try addLogFile()
    let host = host ?? Environment.value("CONSOLE_HOST") ?? "127.0.0.1"
    // The message does not quote the text, which may be a misplaced URL with a password.
    guard host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".:-_%".contains($0)) }) else {
      throw Failure(
        .usage, "--host is neither an IP address nor a host name",
        hint: "set it to 127.0.0.1, or to 0.0.0.0 for all addresses of this machine")
    }
    let port = try Environment.number(port, named: "--port", variable: "CONSOLE_PORT", in: 0...65_535) ?? 8000
    let spool = spool ?? Environment.value("SPOOL_DIR") ?? "spool"
    let settings = try siteSettings(host: host, spool: spool, logger: logger)
    let target = try database.target()
    let (accounts, searchPath, role) = try database.withStore { connection in
      let searchPath = try RegistryPath.find(on: &connection)
      if let searchPath { connection.settings?["search_path"] = searchPath }
      return (try Accounts.count(on: &connection), searchPath, try ReadOnlyRole.find(on: &connection))
    }
    if role != .usable {
      let cause =
        role == .missing
        ? "the login is not a member of such a role; create it with docs/roles.sql"
        : "the role has no rights in this database; run docs/roles.sql in it, then restart the console"
      logger.warning("pages use the rights of the console's login instead of the role '\(ReadOnlyRole.name)': \(cause)")
    }
    let pools = Pools(target, role: role == .usable ? ReadOnlyRole.name : nil, searchPath: searchPath)
    if !settings.isBehindTLS, !ClientAddress.isLoopback(host) {
      logger.warning(
        """
        listening on \(host) without TLS: other machines that reach this port send passwords and cookies unencrypted; \
        put a TLS proxy before it, and start with --behind-tls
        """)
    }
    let site = try Site(pages: pools.pages, exports: pools.exports, store: pools.store, settings: settings)
    let isListening = Mutex(false)
    let application = Server.application(site, passwords: pools.passwords, host: host, port: port, logger: logger) {
      port in
      isListening.withLock { $0 = true }
      print("http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
      fflush(nil)
      logger.info("listening on \(host):\(port)")
      if accounts == 0 {
        logger.notice("there is no account to log in with; add one: \(PipelineCommand.script) console user add NAME")
      }
    }
    let beside = BackgroundServices(
      worker: try noWorker ? nil : makeWorker(target, spool, logger), indexes: IndexKeeper(target, logger: logger),
      stopsRuns: try stopsRuns || Environment.isOn("CONSOLE_STOPS_RUNS"))
    // This also runs if the server could not start: no thread may be inside libpq when the process ends.
    defer {
      beside.end(isListening.withLock { $0 })
      pools.close()
    }
    do {
      try await Self.serve([application, beside], application.logger)
    } catch  where !isListening.withLock({ $0 }) {
      throw Failure(error, listeningOn: host, port)
    }
  }

  /// Adds the console's own log file if `CONSOLE_LOG_FILE` is set.
  private func addLogFile() throws {
    guard let stem = Environment.value("CONSOLE_LOG_FILE") else { return }
    guard stem != Environment.value("LOG_FILE") else {
      throw Failure(
        .usage, "CONSOLE_LOG_FILE is the same as LOG_FILE: the console's errors would count as the pipeline's",
        hint: "set CONSOLE_LOG_FILE to another file, such as /var/log/registry/console.log")
    }
    Logs.add(FileOutput(stem: stem))
  }

  private func siteSettings(host: String, spool: String, logger: Logger) throws -> Site.Settings {
    func list(_ option: String?, _ variable: String) -> [String]? {
      (option ?? Environment.value(variable))?.split(separator: ",").map(String.init)
    }
    let isBehindTLS = try behindTLS || Environment.isOn("CONSOLE_BEHIND_TLS")
    let proxies = list(trustedProxy, "CONSOLE_TRUSTED_PROXIES")
    guard isBehindTLS || proxies == nil else {
      throw Failure(
        .usage, "--trusted-proxy has no effect without --behind-tls",
        hint: "add --behind-tls (CONSOLE_BEHIND_TLS=yes), or leave out --trusted-proxy (CONSOLE_TRUSTED_PROXIES)")
    }
    let ranges = try (proxies ?? ["127.0.0.1", "::1"]).map { text in
      guard let range = AddressRange(text) else {
        throw Failure(
          .usage, "--trusted-proxy: '\(text)' is not an address",
          hint: "give an address or a network, such as 192.0.2.7, 172.18.0.0/16 or ::1")
      }
      return range
    }
    let names = try (list(publicName, "CONSOLE_PUBLIC_NAME") ?? []).map { text in
      guard let name = PublicName(text) else {
        throw Failure(
          .usage, "--public-name: '\(text)' is not a host name, so no request can match it",
          hint: "give host names only, without https:// and without a path, such as registry.example.org"
            + " or registry.example.org:8443 (CONSOLE_PUBLIC_NAME)")
      }
      return name
    }
    let runs = RunRecordCache(spool: spool, logger: logger)
    return Site.Settings(
      isBehindTLS: isBehindTLS, trustedProxies: isBehindTLS ? ranges : [],
      hostNames: HostNames([host], publicNames: names),
      snapshots: { (try? Folder.names(spool, followLinks: true))?.filter { SnapshotID($0) != nil } },
      isTransformed: {
        SnapshotID($0).map { SpoolFile.isThere(SnapshotFolder(spool: spool, id: $0).transformManifest) } ?? false
      },
      runs: { try await runs.runs() })
  }

  /// Serves until a signal arrives. Services end in reverse order, the worker first, so that no further run begins.
  /// Clients then have five seconds to finish reading.
  private static func serve(_ services: [any Service], _ logger: Logger) async throws {
    var group = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    group.maximumGracefulShutdownDuration = .seconds(5)
    do { try await ServiceGroup(configuration: group).run() } catch is CancellationError {}
  }

  private func makeWorker(_ target: DatabaseAddress, _ spool: String, _ logger: Logger) throws -> Worker {
    guard let pipeline = Environment.value("PIPELINE") else {
      throw Failure(
        .usage, "the console cannot start runs: PIPELINE, the path of pipeline.sh, is not set",
        hint: "run '\(command: .console)', or set PIPELINE to its path")
    }
    var settings = Worker.Settings(
      target: target, home: try ConsoleStateFolder(spool: spool), pipeline: pipeline, console: try Executable.path())
    // The options of the command line apply to the runs too.
    settings.variables["SPOOL_DIR"] = spool
    if let url = database.databaseURL { settings.variables["DATABASE_URL"] = url }
    // Runs do not need the console's own login, which may contain a password.
    settings.variables.updateValue(nil, forKey: "CONSOLE_DATABASE_URL")
    return Worker(settings, logger: logger)
  }
}
