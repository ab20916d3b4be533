import ConsoleQueries
import ConsoleStore
import Glibc
import NIOCore
import Postgres
import Support

extension Failure {
  /// Why the web server could not listen.
  init(_ error: any Error, listeningOn host: String, _ port: Int) {
    let cause: String
    var hint: Hint = "--port N takes another port"
    switch error {
    case is SocketAddressError.UnknownHost:
      cause = "no address has this name"
      hint = "--host takes an IP address or a name of this machine: 127.0.0.1, or 0.0.0.0 for all its addresses"
    case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
      cause = "this machine does not have this address"
      hint = "--host takes an address of this machine ('ip address' lists them), or 0.0.0.0 for all of them"
    case let error as IOError: cause = String(cString: strerror(error.errnoCode))
    default: cause = "\(error)"
    }
    self.init(.unavailable, "unable to listen on '\(host)', port \(port): \(cause)", hint: hint)
  }

  /// What any error means to whoever typed the command.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as PostgresError where error.sqlState == "42P01":
      self.init(.notReady, "\(error.place): there is no registry yet", hint: "\(PipelineCommand.script) makes it")
    case let error as PostgresError:
      self.init(error)
      if error.kind == .denied {
        hints = [
          "the console keeps its accounts and schedules in a schema of its own: CREATE SCHEMA console AUTHORIZATION"
            + " its user"
        ]
      }
    case let error as ConsoleStoreError: self.init(error)
    case SearchIndexes.BuildError.isEmpty:
      self.init(
        .notReady, "the registry is empty: the search's indexes come after the first load",
        hint: "\(PipelineCommand.script)")
    case SearchIndexes.BuildError.isUnderWay: self.init(.temporary, "another session builds the search's indexes")
    case SearchIndexes.BuildError.isDenied:
      self.init(.unavailable, "this login does not own the registry's tables", hint: "run it with the owner's login")
    case SearchIndexes.BuildError.isCutShort(let error):
      let isReadOnly = error.sqlState == "25006"
      let setting =
        isReadOnly ? "default_transaction_read_only" : error.sqlState == "55P03" ? "lock_timeout" : "statement_timeout"
      self.init(
        isReadOnly ? .unavailable : .temporary,
        "unable to build an index of the search: \(error.place): \(error.message)",
        hint:
          "the build runs with the defaults of its login: ALTER ROLE … SET \(setting) = \(isReadOnly ? "off" : "0"),"
          + " then \(command: .console, "prepare")")
    case let fault as ScheduleDraft.Fault:
      self.init(.usage, "the schedule is not right: \(fault)", hint: "see '\(command: .schedule, "--help")'")
    default: self.init(.bug, "\(error)")
    }
  }

  private init(_ error: ConsoleStoreError) {
    switch error {
    case .newerSchema(let found, let known):
      self.init(
        .configuration, "the schema 'console' is of version \(found), this console knows \(known)",
        hint: "use the newer console")
    case .foreignSchema:
      self.init(
        .configuration, "the schema 'console' holds what is not this console's",
        hint: "give it another database with CONSOLE_DATABASE_URL, or move that schema away")
    case .accountExists(let name):
      self.init(
        .usage, "there is an account '\(name)' already",
        hint: "\(command: .console, "user password \(name)") sets its password")
    case .noSuchAccount(let name):
      self.init(.usage, "there is no account '\(name)'", hint: "\(command: .console, "user list")")
    case .badName(let name):
      self.init(
        .usage, "'\(name)' is no name for an account",
        hint: "up to 64 letters, digits and . _ @ -, beginning with a letter or a digit")
    case .passwordTooShort(let least):
      self.init(.usage, "the password has fewer than \(least) characters", hint: "take a longer one")
    case .passwordTooLong(let most):
      self.init(.usage, "the password has more than \(most) bytes", hint: "take a shorter one")
    case .passwordTooCommon:
      self.init(
        .usage, "the password is too common: attackers try it first",
        hint: "choose another one: several unrelated words are long and easy to remember")
    case .noSuchToken(let id):
      self.init(.usage, "there is no token '\(id)'", hint: "\(command: .console, "user tokens")")
    case .noMemory: self.init(.temporary, "there is no memory to hash the password")
    case .scheduleExists(let name):
      self.init(
        .usage, "there is a schedule '\(name)' already", hint: "\(command: .schedule, "remove '\(name)'") takes it off")
    case .scheduleChanged:
      self.init(
        .temporary, "somebody else has changed that schedule", hint: "look at it, then run the same command again")
    case .notQueued: self.init(.usage, "that task is over")
    }
  }
}
