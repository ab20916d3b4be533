import ArgumentParser
import CommandKit
import ConsoleStore
import StructuredLogging
import Support

/// Manages the console's accounts and API tokens.
struct UserCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Manage accounts and API tokens.",
    subcommands: [Add.self, Password.self, Remove.self, List.self, Token.self, Tokens.self, Revoke.self])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add an account. The password is asked for on a terminal, or read as one line of stdin.")
    @Argument(help: "Up to 64 letters, digits and . _ @ -; asked for if it is missing.") var name: String?
    @Option(
      help:
        """
        viewer: may read all pages except the audit; operator: may also start, stop and schedule runs (default: \
        operator for the first account, viewer for others).
        """
    )
    var role: String?
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      let role = try role.map { text in
        guard let role = Role(rawValue: text) else {
          throw Failure(.usage, "there is no role '\(text)'", hint: "use viewer or operator")
        }
        return role
      }
      let given = try database.withStore { connection in
        let name = try name ?? Prompt.line("Name: ")
        guard Accounts.isName(name) else { throw ConsoleStoreError.badName(name) }
        guard try !Accounts.list(on: &connection).contains(where: { $0.name == name }) else {
          throw ConsoleStoreError.accountExists(name)
        }
        let password = try Prompt.newPassword()
        let role = try Accounts.add(name, role: role, password: password, on: &connection)
        try Audit.add(
          "account.add", subject: name, by: nil, from: nil, detail: ["role": role.rawValue], on: &connection)
        return (name, role)
      }
      print("account '\(given.0)' made: \(given.1.rawValue)")
    }
  }

  struct Password: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set an account's password, and end its sessions and tokens.")
    @Argument var name: String
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      try database.withStore { connection in
        guard try Accounts.list(on: &connection).contains(where: { $0.name == name }) else {
          throw ConsoleStoreError.noSuchAccount(name)
        }
        try Accounts.setPassword(name, try Prompt.newPassword(), on: &connection)
        try Audit.add("account.password", subject: name, by: nil, from: nil, on: &connection)
      }
      print("password of '\(name)' set; its sessions and tokens have ended")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove an account, and end its sessions and tokens.")
    @Argument var name: String
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      try database.withStore { connection in
        try Accounts.remove(name, on: &connection)
        try Audit.add("account.remove", subject: name, by: nil, from: nil, on: &connection)
      }
      print("account '\(name)' removed")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the accounts.")
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      let accounts = try database.withStore { try Accounts.list(on: &$0) }
      if accounts.isEmpty { print("no account yet: \(PipelineCommand.script) console user add NAME") }
      for account in accounts { print("\(account.name)\t\(account.role.rawValue)\t\(account.createdAt)") }
    }
  }

  struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Create an API token and print it. Send it as 'Authorization: Bearer TOKEN'. It ends after a year, or when the password changes."
    )
    @Argument var name: String
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      print(
        try database.withStore { connection in
          let token = try Sessions.begin(name, kind: .api, on: &connection)
          try Audit.add(
            "account.token", subject: name, by: nil, from: nil, detail: ["token": Sessions.id(of: token)],
            on: &connection)
          return token
        })
    }
  }

  struct Tokens: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the API tokens: ID, account, creation time, last use and expiry.")
    @Argument(help: "Only the tokens of this account.") var name: String?
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      let tokens = try database.withStore { try Sessions.tokens(of: name, on: &$0) }
      if tokens.isEmpty { print("no token yet: \(PipelineCommand.script) console user token NAME") }
      for token in tokens {
        let used = token.lastUsedAt ?? "never"
        print("\(token.id)\t\(token.account)\tmade \(token.createdAt)\tused \(used)\tends \(token.expiresAt)")
      }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End one API token.")
    @Argument(help: "The token's ID, as '\(PipelineCommand.script) console user tokens' lists it.") var id: String
    @OptionGroup var database: DatabaseOptions

    func run() throws {
      let account = try database.withStore { connection in
        let account = try Sessions.revoke(id, on: &connection)
        try Audit.add(
          "account.token.revoke", subject: account, by: nil, from: nil, detail: ["token": id], on: &connection)
        return account
      }
      print("token \(Terminal.safe(id)) of '\(account)' revoked")
    }
  }
}
