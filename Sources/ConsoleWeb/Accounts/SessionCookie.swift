import ConsoleDesk
import Hummingbird

/// The cookie that says who is in. Behind TLS its name has the prefix by which browsers take it from this host alone.
enum SessionCookie {
  static func name(_ settings: Site.Settings) -> String {
    settings.isBehindTLS ? "__Host-console_session" : "console_session"
  }

  static func make(_ token: String, _ settings: Site.Settings) -> Cookie {
    Cookie(
      name: name(settings), value: token, maxAge: token.isEmpty ? 0 : Sessions.browserSeconds, path: "/",
      secure: settings.isBehindTLS, httpOnly: true, sameSite: .lax)
  }
}
