import ConsoleQueries
import ConsoleStore
import Glibc
import NIOCore
import Postgres
import Support

extension Failure {
  /// Creates the failure for a web server that could not listen.
  init(_ error: any Error, listeningOn host: String, _ port: Int) {
    let cause: String
    var hint: Hint = "choose another port with --port N"
    switch error {
    case is SocketAddressError.UnknownHost:
      cause = "no address has this name"
      hint = "set --host to an IP address or a name of this machine: 127.0.0.1, or 0.0.0.0 for all its addresses"
    case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
      cause = "this machine does not have this address"
      hint = "set --host to an address of this machine ('ip address' lists them), or to 0.0.0.0 for all of them"
    case let error as IOError: cause = String(cString: strerror(error.errnoCode))
    default: cause = "\(error)"
    }
    self.init(.unavailable, "unable to listen on '\(host)', port \(port): \(cause)", hint: hint)
  }

  /// Creates the failure that the command reports for any error.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as PostgresError where error.sqlState == "42P01":
      self.init(
        .notReady, "\(error.place): there is no registry yet", hint: "load it first: \(PipelineCommand.script)")
    case let error as PostgresError:
      self.init(error)
      if error.kind == .denied {
        hints = [
          "use the login that owns the schema 'console', or for the search indexes the one that owns the registry's tables",
          "if there is no schema 'console', create it: CREATE SCHEMA console AUTHORIZATION LOGIN",
        ]
      }
    case let error as ConsoleStoreError: self.init(error)
    case SearchIndexes.BuildError.isEmpty:
      self.init(
        .notReady, "unable to build the search indexes: the registry is empty",
        hint: "load it first: \(PipelineCommand.script)")
    case SearchIndexes.BuildError.isUnderWay:
      self.init(.temporary, "unable to build the search indexes: another session is building them")
    case SearchIndexes.BuildError.isDenied:
      self.init(
        .unavailable, "unable to build the search indexes: this login does not own the registry's tables",
        hint: "run the same command with the owner's login")
    case SearchIndexes.BuildError.isCutShort(let error):
      let isReadOnly = error.sqlState == "25006"
      let setting =
        isReadOnly ? "default_transaction_read_only" : error.sqlState == "55P03" ? "lock_timeout" : "statement_timeout"
      self.init(
        isReadOnly ? .unavailable : .temporary,
        "unable to build a search index: \(error.place): \(error.message)",
        hint:
          "change this default of the login that builds: ALTER ROLE … SET \(setting) = \(isReadOnly ? "off" : "0"),"
          + " then \(command: .console, "prepare")")
    case let fault as ScheduleDraft.Fault:
      self.init(.usage, "unable to set the schedule: \(fault)", hint: "see '\(command: .schedule, "--help")'")
    default: self.init(.bug, "\(error)")
    }
  }

  private init(_ error: ConsoleStoreError) {
    switch error {
    case .newerSchema(let found, let known):
      self.init(
        .configuration, "the schema 'console' has version \(found); this console knows versions up to \(known)",
        hint: "use the newer console")
    case .foreignSchema:
      self.init(
        .configuration, "the schema 'console' has objects of another program",
        hint: "set CONSOLE_DATABASE_URL to another database, or rename that schema")
    case .otherRegistry(let recorded, let found):
      self.init(
        .configuration,
        "this database's console belongs to the registry in schema '\(recorded)', not to the one in schema '\(found)'",
        hints: [
          "for a second registry with a console, use a second database",
          "if the registry moved: UPDATE console.registry SET schema_name = '\(found)'",
        ])
    case .accountExists(let name):
      self.init(
        .usage, "account '\(name)' already exists",
        hint: "to set its password: \(command: .console, "user password \(name)")")
    case .noSuchAccount(let name):
      self.init(.usage, "there is no account '\(name)'", hint: "list the accounts: \(command: .console, "user list")")
    case .badName(let name):
      self.init(
        .usage, "'\(name)' is not a valid account name",
        hint: "use up to 64 letters, digits and . _ @ -, beginning with a letter or a digit")
    case .passwordTooShort(let least):
      self.init(.usage, "the password has fewer than \(least) characters", hint: "choose a longer one")
    case .passwordTooLong(let most):
      self.init(.usage, "the password has more than \(most) bytes", hint: "choose a shorter one")
    case .passwordTooCommon:
      self.init(
        .usage, "the password is too common: attackers try it first",
        hint: "choose another one: several unrelated words are long and easy to remember")
    case .noSuchToken(let id):
      self.init(.usage, "there is no token '\(id)'", hint: "list the tokens: \(command: .console, "user tokens")")
    case .noMemory: self.init(.temporary, "unable to hash the password: out of memory")
    case .scheduleExists(let name):
      self.init(
        .usage, "schedule '\(name)' already exists", hint: "remove it: \(command: .schedule, "remove '\(name)'")")
    case .scheduleChanged:
      self.init(
        .temporary, "another user has changed the schedule; nothing was changed",
        hint: "list the schedules, then run the same command again")
    case .notQueued: self.init(.usage, "the task has already ended")
    }
  }
}
