import ArgumentParser
import ConsoleDesk
import ConsoleRunner
import ConsoleWeb
import Failures
import Glibc
import Hummingbird
import Logging
import Logs
import Postgres
import Spool
import StageKit

/// The web server and the worker, until a signal ends them. Runs under way go on without them.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve the pages and carry out the schedules (also without a command).")

  @Option(help: "Where to listen (CONSOLE_HOST).") var host: String?
  @Option(help: "The port, 0 for any that is free (CONSOLE_PORT).") var port: String?
  @Option(help: "The folder of the spool (SPOOL_DIR).") var spool: String?
  @Flag(help: "Browsers come by TLS, through a proxy that adds X-Forwarded-For (CONSOLE_BEHIND_TLS=yes).") var behindTLS = false
  @Flag(help: "Pages alone: no schedule is carried out and no task is started here.") var noWorker = false
  @Flag(help: "A run under way is stopped with the console (CONSOLE_STOPS_RUNS=yes): for containers, which end as a whole.")
  var stopsRuns = false
  @OptionGroup var database: DatabaseOptions

  func run() async throws {
    let logger = Logs.logger("console")
    let host = host ?? Environment.value("CONSOLE_HOST") ?? "127.0.0.1"
    let port = try Environment.number(port, named: "--port", variable: "CONSOLE_PORT", in: 0...65_535) ?? 8000
    let isBehindTLS = behindTLS || Environment.value("CONSOLE_BEHIND_TLS") == "yes"
    let target = try database.target()
    let accounts = try database.withDesk { try Accounts.count(on: &$0) }
    let role = try database.withDesk { try PagesRole.find(on: &$0) }
    if role == nil {
      logger.warning(
        "pages read with the rights of the console's own login, in read-only transactions: there is no role '\(PagesRole.name)' that it is a member of; docs/roles.sql makes it"
      )
    }
    let pools = Pools(target, role: role)
    let spool = spool ?? Environment.value("SPOOL_DIR") ?? "spool"
    let worker = try noWorker ? nil : makeWorker(target, spool, logger)
    let indexes = IndexKeeper(target, logger: logger)
    if let worker, !worker.start() { throw Failure(.temporary, "the machine has no thread left for the worker") }
    indexes.start()
    let settings = Site.Settings(isBehindTLS: isBehindTLS) {
      (try? Folder.names(spool, followLinks: true))?.filter { SnapshotID($0) != nil }
    }
    let site = try Site(pages: pools.pages, exports: pools.exports, desk: pools.desk, settings: settings)
    let application = Server.application(site, passwords: pools.passwords, host: host, port: port, logger: logger) { port in
      print("http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
      fflush(nil)
      logger.info("listening on \(host):\(port)")
      if accounts == 0 { logger.notice("nobody can log in yet; make an account: ./pipeline.sh console user add NAME") }
    }
    do {
      try await application.runService()
    } catch {
      throw Failure(.unavailable, "unable to listen on \(host):\(port): \(error)", hint: "--port N takes another port")
    }
    worker?.stop()
    if stopsRuns || Environment.value("CONSOLE_STOPS_RUNS") == "yes" { worker?.endRuns() }
    indexes.stop()
    pools.close()
  }

  private func makeWorker(_ target: Target, _ spool: String, _ logger: Logger) throws -> Worker {
    guard let pipeline = Environment.value("PIPELINE") else {
      throw Failure(.usage, "it is not said where pipeline.sh is", hint: "run './pipeline.sh console', or set PIPELINE to its path")
    }
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count)
    let console = String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Worker(
      .init(target: target, home: try Home(spool: spool), pipeline: pipeline, console: console), logger: logger)
  }
}
