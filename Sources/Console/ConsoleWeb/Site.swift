import ConsoleQueries
import ConsoleStore
import HTTPTypes
import Hummingbird
import Postgres

/// The state that all pages share.
public struct Site: Sendable {
  /// Read-only sessions of the registry, with the least privileged role.
  public let pages: Pool
  /// The same for exports, which take as long as the client reads.
  public let exports: Pool
  /// Sessions of the console's own schema.
  public let store: Pool
  public let settings: Settings
  private let templates: [Language: Templates]
  public let texts = Texts.all
  let assets = Assets()
  /// Limits the exports of an account, since each one uses a session.
  let exportTurns = AccountLimiter(atMost: 1)
  let health = Health()
  /// Limits the event streams of an account.
  let eventTurns = AccountLimiter(atMost: 8)
  /// Limits the simultaneous queries of an account. The limit is less than the number of sessions for pages, so that
  /// one account cannot use them all.
  private let readTurns = AccountLimiter(atMost: 2, waiting: 50)

  /// The settings of the site.
  public struct Settings: Sendable {
    /// Whether browsers connect by TLS through a proxy. Then cookies are sent by TLS only, and the client's address is
    /// taken from the proxy's header.
    public var isBehindTLS: Bool

    /// The proxies whose `X-Forwarded-For` is trusted.
    public var trustedProxies: [AddressRange]

    /// The names that the console answers to.
    public var hostNames: HostNames

    /// Returns the names of the snapshots in the spool, for rollbacks; nil if they are unknown.
    public var snapshots: @Sendable () -> [String]?
    /// Whether the spool has the transform files of a snapshot, so that it can be loaded.
    public var isTransformed: @Sendable (_ snapshot: String) -> Bool
    /// Returns the recorded runs of the spool, including those under way.
    public var runs: @Sendable () async throws -> [RunSummary]

    public init(
      isBehindTLS: Bool = false, trustedProxies: [AddressRange] = [], hostNames: HostNames = HostNames([]),
      snapshots: @escaping @Sendable () -> [String]? = { nil },
      isTransformed: @escaping @Sendable (String) -> Bool = { _ in true },
      runs: @escaping @Sendable () async throws -> [RunSummary] = { [] }
    ) {
      self.isBehindTLS = isBehindTLS
      self.trustedProxies = trustedProxies
      self.hostNames = hostNames
      self.snapshots = snapshots
      self.isTransformed = isTransformed
      self.runs = runs
    }
  }

  public init(pages: Pool, exports: Pool, store: Pool, settings: Settings) throws {
    self.pages = pages
    self.exports = exports
    self.store = store
    self.settings = settings
    templates = try Dictionary(uniqueKeysWithValues: Language.allCases.map { ($0, try Templates($0)) })
  }

  /// Reads the registry for a request. If the account already has two queries under way, this one waits.
  ///
  /// - Throws: ``AccountLimiter/Full``, what `body` and the pool throw.
  func read<Answer: Sendable>(
    _ context: ConsoleContext, _ body: @escaping @Sendable (inout Connection) throws -> Answer
  ) async throws -> Answer {
    let turn = try await readTurns.wait(context.session?.account ?? "")
    defer { withExtendedLifetime(turn) {} }
    return try await context.whileConnected { [pages] in try await pages.run(body) }
  }

  /// Renders a page. Besides `values`, a template has `lang`, `other_lang`, `account`, `is_operator`,
  /// `form_token` (which each POST form must contain), `css` and `js` (addresses).
  public func page(
    _ template: String, _ context: ConsoleContext, _ values: [String: Any?] = [:], status: HTTPResponse.Status = .ok
  ) -> Response {
    let html = html(template, context, values)
    return Response(
      status: html == nil ? .internalServerError : status,
      headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: html ?? "no template '\(template)'")))
  }

  /// Renders a part of a page.
  ///
  /// - Returns: HTML; nil if there is no such template.
  public func html(_ template: String, _ context: ConsoleContext, _ values: [String: Any?] = [:]) -> String? {
    var all: [String: Any] = [
      "lang": context.language.rawValue, "other_lang": context.language.other.rawValue,
      "location_query": LocalPath.encode(context.location), "is_operator": context.isOperator,
      "css": assets.address(of: "console.css"),
      "js": assets.address(of: "console.js"),
    ]
    if let session = context.session {
      all["account"] = session.account
      all["form_token"] = session.formToken
    }
    for (name, value) in values { if let value { all[name] = value } }
    return templates[context.language]?.render(template, all)
  }

  /// Redirects the browser after a form (303 See Other).
  public func redirect(to path: String) -> Response { Response(status: .seeOther, headers: [.location: path]) }

  /// Returns a text of the interface.
  public func text(_ key: String, _ context: ConsoleContext) -> String { texts.text(key, context.language) }
}
