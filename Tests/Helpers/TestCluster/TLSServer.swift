import Foundation
import Postgres

/// A PostgreSQL server on a TCP port of the loopback interface that requires TLS.
///
/// - `postgres` is trusted, `certified` needs a client certificate of that name, all others a password.
/// - Its certificate is for `localhost`, so 127.0.0.1 does not match.
public final class TLSServer: Sendable {
  public static let shared: Result<TLSServer, any Error> = Result { try TLSServer() }
  public static let password = "ge heim&%/"

  public let port: Int
  private let folder: String
  private let socketURL: String
  private let certificates: Certificates

  /// Why no server can be started; nil if one can.
  public static let unavailable: String? =
    !TestCluster.isOwn
    ? "needs a server of its own" : programs == nil ? "no PostgreSQL with TLS to test with: install postgresql" : nil
  public static var isAvailable: Bool { unavailable == nil }

  /// Some builds of PostgreSQL cannot use TLS. The client is tested here, so another version will do.
  private static let programs = TestCluster.programFolders().first { folder in
    let program = try? Data(contentsOf: URL(fileURLWithPath: folder + "/postgres"), options: .alwaysMapped)
    return program?.range(of: Data("libssl".utf8)) != nil
  }

  private init() throws {
    guard let programs = Self.programs else {
      throw TestCluster.Unavailable(why: "no PostgreSQL with TLS to test with")
    }
    folder = try Shell.run("mktemp -d /tmp/regtls.XXXXXX", [:])
    try Shell.startOnLeash(TestCluster.stopScript, ["programs": programs, "folder": folder])
    certificates = try Certificates.make(in: folder + "/certificates")
    let ports = try (1...5).map { _ in "\(try LoopbackPort.free())" }.joined(separator: " ")
    port = Int(try Shell.run(Self.startScript, ["programs": programs, "folder": folder, "ports": ports])) ?? 0
    socketURL = "postgresql://postgres@/postgres?host=\(folder)&port=\(port)"
    var session = try TestDatabase.open(socketURL)
    try session.execute(
      """
      CREATE ROLE certified LOGIN;
      CREATE ROLE with_password LOGIN PASSWORD '\(Self.password)'
      """)
  }

  /// Returns the path of a file of the test certificates.
  public func certificate(_ name: String) -> String { certificates.path(name) }

  /// Returns the URL of the database, with a user, a host name and options.
  public func url(user: String = "postgres", host: String = "localhost", _ options: String) -> String {
    "postgresql://\(user)@\(host):\(port)/postgres?\(options)"
  }

  /// Returns the server's log.
  public func log() throws -> String { try Shell.run("cat \"$folder/data/log\"", ["folder": folder]) }

  /// Opens a session through the socket, without TLS, for checks.
  public func open() throws -> Connection { try TestDatabase.open(socketURL) }

  /// Makes the server use another certificate from now on.
  public func show(_ certificate: String) throws {
    var session = try open()
    try session.execute("ALTER SYSTEM SET ssl_cert_file = '\(certificate)'")
    try session.execute("SELECT pg_reload_conf()")
  }

  /// The kernel chose the port a moment ago, and another process may take it first: several ports are tried.
  private static let startScript = """
    set -eu
    as_server() { "$@"; }
    if [ "$(id -u)" = 0 ]; then
      as_server() { runuser -u postgres -- "$@"; }
      chown postgres "$folder"
    fi
    chmod 0711 "$folder"
    cd /
    as_server "$programs/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C -N >"$folder/log" 2>&1
    for name in server.crt expired.crt server.key ca.crt; do
      cat "$folder/certificates/$name" | as_server sh -c "umask 077; cat >'$folder/data/$name'"
    done
    as_server tee "$folder/data/pg_hba.conf" >/dev/null <<HBA
    local all all trust
    hostssl all certified all cert
    hostssl all postgres all trust
    hostssl all all all scram-sha-256
    HBA
    for port in $ports; do
      if as_server "$programs/pg_ctl" -D "$folder/data" -l "$folder/data/log" -w start -o "-k $folder -p $port \\
        -c listen_addresses=127.0.0.1 -c fsync=off -c ssl=on -c ssl_ca_file=ca.crt -c unix_socket_permissions=0777" \\
        >>"$folder/log" 2>&1 </dev/null
      then echo "$port"; exit; fi
    done
    exit 1
    """
}
