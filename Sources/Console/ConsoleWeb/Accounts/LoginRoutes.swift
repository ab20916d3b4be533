import ConsoleStore
import HTTPTypes
import Hummingbird
import Postgres

/// Log-in, log-out and the choice of the language.
struct LoginRoutes {
  let site: Site
  /// The pool for checking passwords. Hashing takes 32 MiB and a tenth of a second of a core each time. With a pool of
  /// its own, a flood of attempts does not block other requests.
  let passwords: Pool
  /// Runs attempts from one network one after the other. So other networks still get a database session, and two
  /// simultaneous attempts with the right password do not count against each other.
  private let turns = AccountLimiter(atMost: 1, waiting: 30)

  init(site: Site, passwords: Pool) {
    self.site = site
    self.passwords = passwords
  }

  func add(to router: Router<ConsoleContext>) {
    router.get("/login") { request, context in
      let to = LocalPath.checked(FormFields(encoded: request.uri.query ?? "")?["to"])
      if context.session != nil { return site.redirect(to: to) }
      let accounts = try await site.store.run { try Accounts.count(on: &$0) }
      return site.page("login", context, ["to": to, "has_no_account": accounts == 0])
    }
    router.post("/login") { _, context in try await logIn(context) }
    router.post("/logout") { _, context in
      if let token = context.token {
        let (account, peer) = (context.session?.account, context.peer)
        try await site.store.run { connection in
          try Sessions.end(token, on: &connection)
          try Audit.add("logout", by: account, from: peer, on: &connection)
        }
      }
      var response = site.redirect(to: "/login")
      response.setCookie(SessionCookie.make("", site.settings))
      return response
    }
    router.get("/language") { request, _ in
      let fields = FormFields(encoded: request.uri.query ?? "") ?? FormFields()
      var response = site.redirect(to: LocalPath.checked(fields["to"]))
      if let language = fields["set"].flatMap({ Language(rawValue: $0) }) {
        response.setCookie(
          Cookie(
            name: SessionMiddleware.languageCookie, value: language.rawValue, maxAge: 365 * 24 * 3600, path: "/",
            secure: site.settings.isBehindTLS, httpOnly: true, sameSite: .lax))
      }
      return response
    }
  }

  private enum Answer: Sendable {
    case session(String)
    case wrong, tooMany
  }

  /// Checks an attempt. The limit is checked first, before the expensive hash.
  private func check(_ name: String, _ password: String, _ context: ConsoleContext) async throws -> Answer {
    let network = ClientAddress.network(context.peer)
    let (peer, old) = (context.peer, context.token)
    guard try await site.store.run({ try LoginLimit.allows(name, from: network, on: &$0) }) else { return .tooMany }
    let turn = try await turns.wait(network)
    defer { withExtendedLifetime(turn) {} }
    return try await passwords.run { connection in
      // Checked again: other attempts may have been counted meanwhile.
      guard try LoginLimit.allows(name, from: network, on: &connection) else { return .tooMany }
      try LoginLimit.begin(name, from: network, on: &connection)
      guard let account = try Accounts.check(name, password, on: &connection),
        let token = try Sessions.begin(account, on: &connection)
      else {
        // An unknown name is not logged: it may be a password that was typed into the wrong field.
        let subject = try Accounts.exists(name, on: &connection) ? name : nil
        try Audit.add("login.failed", subject: subject, by: nil, from: peer, on: &connection)
        return .wrong
      }
      try LoginLimit.succeeded(name, from: network, on: &connection)
      if let old { try Sessions.end(old, on: &connection) }
      try Audit.add("login", by: account.name, from: peer, on: &connection)
      return .session(token)
    }
  }

  /// Returns the page that asks whether to send a form that was sent after the end of the last session; nil if there is
  /// none, or the user who has logged in may not send it.
  private func resumed(_ form: KeptForm?, _ token: String, _ context: ConsoleContext) async throws -> Response? {
    guard let form, let action = form.actionKey else { return nil }
    var context = context
    context.session = try await site.store.run { try Sessions.find(token, kind: .browser, on: &$0) }
    guard context.isOperator else { return nil }
    let filledIn = form.filledIn { site.text($0, context) }
    return site.page(
      "login-resume", context,
      [
        "form_path": form.path, "sent_fields": form.sentFields, "filled_in": filledIn,
        "has_filled_in": !filledIn.isEmpty, "action": site.text(action, context), "is_dangerous": form.isDangerous,
        "keeps_form": true,
        "object_path": form.objectPath,
      ])
  }

  private func logIn(_ context: ConsoleContext) async throws -> Response {
    let name = context.form["name"] ?? ""
    let password = context.form.values["password"] ?? ""
    let to = LocalPath.checked(context.form["to"])
    let form = KeptForm(in: context.form)
    let kept = form?.keptFields
    switch try await check(name, password, context) {
    case .session(let token):
      var response = try await resumed(form, token, context) ?? site.redirect(to: to)
      response.setCookie(SessionCookie.make(token, site.settings))
      return response
    case .wrong:
      return site.page(
        "login", context,
        [
          "to": to, "name": name, "kept_fields": kept, "keeps_form": kept != nil ? true : nil,
          "problem": site.text("login_wrong", context),
        ],
        status: .unauthorized)
    case .tooMany:
      var response = site.page(
        "login", context,
        [
          "to": to, "name": name, "kept_fields": kept, "keeps_form": kept != nil ? true : nil,
          "problem": site.text("login_too_many", context),
        ],
        status: .tooManyRequests)
      response.headers[.retryAfter] = String(LoginLimit.minutes * 60)
      return response
    }
  }
}

/// The session cookie. Behind TLS its name has the prefix `__Host-`, so that browsers accept it only from this host.
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
