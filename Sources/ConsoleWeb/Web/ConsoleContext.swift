import ConsoleDesk
import Hummingbird
import NIOCore

/// What is known of a request besides itself. Middleware fills it in.
public struct ConsoleContext: RequestContext {
  public var coreContext: CoreRequestContextStorage
  /// Where it comes from; behind a proxy that is trusted, as that says.
  public var peer: String
  /// Who asks; nil where nobody is logged in.
  public var session: Session?
  /// The token that the session was found by.
  var token: String?
  public var language = Language.chinese
  /// Path and query, for the way back after logging in or choosing a language.
  public var location = "/"
  /// The fields of a form that was sent, checked to be of this session.
  public var form = FormFields()

  public init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    let address = source.channel.remoteAddress?.ipAddress ?? "unknown"
    peer = ClientAddress.parse(address) ?? address
  }

  public var isOperator: Bool { session?.role == .operator }
}
