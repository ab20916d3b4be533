/// Dispatches each path (without its query) to its handler; other paths get 404.
public struct Router: Sendable {
  public var routes: [String: LoopbackServer.Handler]

  public init(_ routes: [String: LoopbackServer.Handler] = [:]) {
    self.routes = routes
  }

  @Sendable public func answer(_ request: Request, _ responder: Responder) throws {
    if let handler = routes[request.path] { return try handler(request, responder) }
    try responder.sendHead(status: 404, headers: ["Content-Length": "0"])
  }

  /// Returns a handler that redirects.
  public static func redirect(to location: String, status: Int = 302) -> LoopbackServer.Handler {
    { _, responder in
      try responder.sendHead(status: status, headers: ["Location": location, "Content-Length": "0"])
    }
  }

  /// Adds redirects from `/hop/1` to `/hop/2` and so on, `hops` in all, the last one to `target`; nil loops back to
  /// `/hop/1`.
  public mutating func addRedirects(hops: Int, to target: String?) {
    guard hops > 0 else { return }
    for hop in 1...hops {
      routes["/hop/\(hop)"] = Self.redirect(to: hop < hops ? "/hop/\(hop + 1)" : target ?? "/hop/1")
    }
  }
}

extension LoopbackServer {
  public convenience init(_ router: Router) throws {
    try self.init(router.answer)
  }
}
