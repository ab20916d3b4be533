import ConsoleStore
import HTTPTypes
import Hummingbird
import Logging
import Postgres

/// The console's web server.
public enum Server {
  /// The limit of connections; further ones wait in the system's queue. Services are often limited to 1024 descriptors.
  private static let connectionsMax = 500
  /// The limit per address. A browser opens six connections and one for events, and an office may share an address.
  private static let connectionsOfAddress = 150

  /// Creates the web server.
  ///
  /// - Parameters:
  ///   - passwords: the pool for checking passwords.
  ///   - onRunning: called with the port when the server listens.
  public static func application(
    _ site: Site, passwords: Pool, host: String, port: Int, logger: Logger,
    onRunning: @escaping @Sendable (Int) async -> Void
  ) -> some ApplicationProtocol {
    let limit = ConnectionLimit(atMost: connectionsOfAddress, proxies: site.settings.trustedProxies, logger: logger)
    var application = Application(
      router: router(site, passwords: passwords, logger: logger),
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [ConnectionGuard(limit, logger: logger)], idleTimeout: .seconds(30))),
      configuration: .init(
        address: .hostname(host, port: port), availableConnectionsDelegate: .maximum(connectionsMax, logger: logger)),
      onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
      logger: logger)
    // The framework's info messages are meant for its developers.
    application.logger.logLevel = max(logger.logLevel, .warning)
    return application
  }

  /// Creates the router with all pages and the API.
  public static func router(_ site: Site, passwords: Pool, logger: Logger) -> Router<ConsoleContext> {
    let router = Router(context: ConsoleContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: Headers(isBehindTLS: site.settings.isBehindTLS))
    router.add(middleware: ErrorMiddleware(site: site, logger: logger))
    router.add(middleware: HostCheck(names: site.settings.hostNames))
    router.add(middleware: SessionMiddleware(site: site, logger: logger))
    // Added again, since the session is known from here on: an error page then has the user's navigation.
    router.add(middleware: ErrorMiddleware(site: site, logger: logger))
    router.add(middleware: Authorization(site: site))
    router.get("/healthz") { _, _ in await site.health.answer(site) }
    site.assets.add(to: router)
    LoginRoutes(site: site, passwords: passwords).add(to: router)
    OverviewRoutes(site: site).add(to: router)
    RunRoutes(site: site).add(to: router)
    RunActions(site: site).add(to: router)
    RollbackRoutes(site: site, snapshots: site.settings.snapshots).add(to: router)
    ReloadRoutes(site: site).add(to: router)
    RegistrationRoutes(site: site).add(to: router)
    ChangeRoutes(site: site).add(to: router)
    RegistrationAPI(site: site).add(to: router)
    FindingRoutes(site: site).add(to: router)
    FigureRoutes(site: site).add(to: router)
    ScheduleRoutes(site: site).add(to: router)
    AuditRoutes(site: site).add(to: router)
    return router
  }
}
