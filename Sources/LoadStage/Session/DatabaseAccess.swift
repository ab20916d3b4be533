import Failures
import Postgres

/// Opens sessions that all work in one schema.
struct DatabaseAccess: Sendable {
  let target: Target
  let applicationName: String
  var stop: StopCheck

  /// The oldest server that is known to work.
  static let serverVersionMin = 130_000

  init(_ url: String, applicationName: String, stop: @escaping StopCheck) throws {
    target = try Target(url)
    self.applicationName = applicationName
    self.stop = stop
  }

  /// A session whose unqualified names mean the first schema of the search path, and no other: with `app, public` a
  /// table that is missing in `app` must not be found in `public`.
  func open() throws -> Connection {
    var session = try Connection.open(target, applicationName: applicationName, stop: stop)
    guard session.serverVersion >= Self.serverVersionMin else {
      throw Failure(
        .unavailable,
        "\(session.place): the server is version \(session.serverVersion / 10_000), and 13 or later is needed")
    }
    guard let schema = try session.execute("SELECT pg_catalog.quote_ident(pg_catalog.current_schema())").scalar else {
      throw Failure(
        .configuration, "\(session.place): no schema of the search path exists, or none may be used",
        hint: "CREATE SCHEMA it, or name another one: postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    guard !schema.hasPrefix("pg_"), schema != "information_schema" else {
      throw Failure(
        .configuration, "\(session.place): schema '\(schema)' is the server's own",
        hint: "name another one: postgresql://…?options=-csearch_path%3DSCHEMA")
    }
    session.probe = FaultProbe.make(target)
    try session.execute("SELECT pg_catalog.set_config('search_path', $1 || ', pg_temp', false)", [schema])
    return session
  }

  /// The same for work that ends after a few seconds, whatever else happens: closing what a stopped load left open.
  func open(withinSeconds seconds: Double) throws -> Connection {
    var access = self
    access.stop = Deadline.check(seconds: seconds)
    return try access.open()
  }
}
