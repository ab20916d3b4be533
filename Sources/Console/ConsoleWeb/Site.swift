import ConsoleQueries
import ConsoleStore
import HTTPTypes
import Hummingbird
import Postgres

/// What all pages share.
public struct Site: Sendable {
  /// The registry, read-only: sessions of the least role there is.
  public let pages: Pool
  /// The same for exports, which take as long as the one who reads them.
  public let exports: Pool
  /// The console's own schema.
  public let store: Pool
  public let settings: Settings
  public let templates: Templates
  public let texts = Texts.all
  let assets = Assets()
  /// Each export uses one of the sessions for exports.
  let exportTurns = AccountLimiter(atMost: 1)
  let health = Health()
  /// Pages of an account that stay open for events.
  let eventTurns = AccountLimiter(atMost: 8)
  /// Queries of one account at once: fewer than the sessions for pages, so that others always get one.
  private let readTurns = AccountLimiter(atMost: 2, waiting: 50)

  /// How the console is reached and what it starts.
  public struct Settings: Sendable {
    /// Whether browsers reach it by TLS, through a proxy: then cookies go by TLS alone, and the proxy says where a
    /// request comes from.
    public var isBehindTLS: Bool

    /// The proxies whose `X-Forwarded-For` is trusted.
    public var trustedProxies: [AddressRange]

    /// The names that the console answers to.
    public var hostNames: HostNames

    /// Names of the snapshots in the spool, which a rollback may go to; nil where nobody knows.
    public var snapshots: @Sendable () -> [String]?
    /// The runs that the spool has records of, and those under way.
    public var runs: @Sendable () async throws -> [RunSummary]

    public init(
      isBehindTLS: Bool = false, trustedProxies: [AddressRange] = [], hostNames: HostNames = HostNames([]),
      snapshots: @escaping @Sendable () -> [String]? = { nil },
      runs: @escaping @Sendable () async throws -> [RunSummary] = { [] }
    ) {
      self.isBehindTLS = isBehindTLS
      self.trustedProxies = trustedProxies
      self.hostNames = hostNames
      self.snapshots = snapshots
      self.runs = runs
    }
  }

  public init(pages: Pool, exports: Pool, store: Pool, settings: Settings) throws {
    self.pages = pages
    self.exports = exports
    self.store = store
    self.settings = settings
    templates = try Templates()
  }

  /// Reads the registry for a request. While an account has two queries under way, its further ones wait.
  ///
  /// - Throws: ``AccountLimiter/Full``, what `body` and the pool throw.
  func read<Answer: Sendable>(
    _ context: ConsoleContext, _ body: @escaping @Sendable (inout Connection) throws -> Answer
  ) async throws -> Answer {
    let turn = try await readTurns.wait(context.session?.account ?? "")
    defer { withExtendedLifetime(turn) {} }
    return try await context.whileConnected { [pages] in try await pages.run(body) }
  }

  /// A page. Besides `values` a template has `t` (texts), `lang`, `other_lang`, `account`, `is_operator`,
  /// `form_token` (which each form that is POSTed has to bring along), `css` and `js` (addresses).
  public func page(
    _ template: String, _ context: ConsoleContext, _ values: [String: Any?] = [:], status: HTTPResponse.Status = .ok
  ) -> Response {
    let html = html(template, context, values)
    return Response(
      status: html == nil ? .internalServerError : status,
      headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: html ?? "no template '\(template)'")))
  }

  /// A part of a page.
  public func html(_ template: String, _ context: ConsoleContext, _ values: [String: Any?] = [:]) -> String? {
    var all: [String: Any] = [
      "t": texts[context.language], "lang": context.language.rawValue, "other_lang": context.language.other.rawValue,
      "location_query": LocalPath.encode(context.location), "is_operator": context.isOperator,
      "css": assets.address(of: "console.css"),
      "js": assets.address(of: "console.js"),
    ]
    if let session = context.session {
      all["account"] = session.account
      all["form_token"] = session.formToken
    }
    for (name, value) in values { if let value { all[name] = value } }
    return templates.render(template, all)
  }

  /// Sends the browser elsewhere after a form.
  public func redirect(to path: String) -> Response { Response(status: .seeOther, headers: [.location: path]) }

  /// A text of the interface.
  public func text(_ key: String, _ context: ConsoleContext) -> String { texts.text(key, context.language) }
}
