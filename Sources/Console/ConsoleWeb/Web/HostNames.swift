import HTTPTypes
import Hummingbird

/// The host names that the console accepts. Without this check a foreign page could point its own host name at this
/// machine (DNS rebinding), and the browser would treat the console as part of that page. IP addresses and `localhost`
/// cannot be misused in this way.
public struct HostNames: Sendable {
  private let names: Set<String>
  /// The public names as in a page's address: with a port unless it is 80 or 443.
  private let authorities: Set<String>

  /// - Parameters:
  ///   - hosts: the hosts that the console listens on.
  ///   - publicNames: the names that browsers use, with a port unless it is the default one.
  public init(_ hosts: [String], publicNames: [PublicName] = []) {
    authorities = Set(publicNames.map(\.authority))
    names = Set((hosts + publicNames.map(\.authority)).map(Self.name))
  }

  /// Whether a request is accepted.
  ///
  /// - Parameter authority: the Host header. A request without one is accepted: every browser sends it.
  public func allow(host authority: String?) -> Bool {
    guard let authority else { return true }
    let name = Self.name(authority)
    return names.contains(name) || name == "localhost" || name.hasSuffix(".localhost")
      || ClientAddress.parse(name) != nil
  }

  /// Whether a form comes from the console's own page.
  public func allow(origin: String, host authority: String?) -> Bool {
    guard let separator = origin.firstRange(of: "://"), ["http", "https"].contains(origin[..<separator.lowerBound])
    else {
      return false
    }
    let own = origin[separator.upperBound...].lowercased()
    return own == authority?.lowercased() || authorities.contains(own)
  }

  /// Returns the name without port and trailing dot, in lower case.
  private static func name(_ authority: String) -> String {
    let text = authority.lowercased()
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text[...end]) }
    // With more than one colon it is an IPv6 address without brackets.
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let name = parts.count == 2 ? parts[0] : text[...]
    return String(name.hasSuffix(".") ? name.dropLast() : name)
  }
}

/// Refuses requests for other host names.
struct HostCheck: RouterMiddleware {
  let names: HostNames

  func handle(
    _ request: Request, context: ConsoleContext, next: (Request, ConsoleContext) async throws -> Response
  ) async throws -> Response {
    guard names.allow(host: request.head.authority) else {
      throw Problem(.misdirectedRequest, "problem_foreign_host", detail: "Host: \(request.head.authority ?? "")")
    }
    return try await next(request, context)
  }
}
