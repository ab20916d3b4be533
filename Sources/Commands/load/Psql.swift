import ArgumentParser
import CommandKit
import Glibc
import Postgres
import Support

/// Replaces the process by psql, for `./pipeline.sh psql`. It checks the address as every command does, and passes the
/// password in the environment: other users can read arguments.
struct PsqlCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "psql", abstract: "Start psql on the database.", shouldDisplay: false)

  @Argument(help: "The psql to start.")
  var program: String
  @Argument(parsing: .captureForPassthrough, help: "Arguments of psql.")
  var arguments: [String] = []

  func run() throws {
    guard let url = Environment.value("DATABASE_URL") else {
      throw Failure(
        .usage, "DATABASE_URL is not set",
        hint:
          "set DATABASE_URL, or run \(PipelineCommand.script) with XDG_STATE_HOME set to a folder for a private PostgreSQL"
      )
    }
    let target: DatabaseAddress
    do { target = try DatabaseAddress(url) } catch { throw Failure(error) }
    guard let address = target.withoutPassword() else {
      throw Failure(
        .usage, "unable to pass the sslpassword to psql, which reads it only from arguments that every user can see",
        hint: "remove sslpassword from DATABASE_URL; psql then asks for it")
    }
    if let password = address.password { setenv("PGPASSWORD", password, 1) }
    // exec keeps ignored signals ignored.
    signal(SIGPIPE, SIG_DFL)
    var words = ([program, address.conninfo] + arguments).map { strdup($0) }
    words.append(nil)
    execv(program, words)
    throw Failure.system("start '\(program)'", errno: errno)
  }
}
