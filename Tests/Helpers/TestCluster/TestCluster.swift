import Foundation
import Postgres

/// The PostgreSQL server for the tests.
///
/// - `TEST_DATABASE_URL` set: that server, which must work; each test gets its own schema.
/// - Unset: a temporary cluster, used in the same way. It ends with the test process, even if that is killed.
/// - Neither available: ``unavailable`` is the reason with which tests are skipped.
public final class TestCluster: Sendable {
  public static let shared: Result<TestCluster, Unavailable> = start()

  /// Why there is no server; nil if there is one.
  public static var unavailable: String? {
    if case .failure(let reason) = shared { return reason.why }
    return nil
  }

  public static var isAvailable: Bool { unavailable == nil }

  /// Whether the server is the tests' own, so that they may create roles and databases and terminate sessions.
  public static var isOwn: Bool { (try? shared.get())?.socketFolder != nil }

  public struct Unavailable: Error {
    public let why: String
  }

  /// The folder of the own server's socket; nil for a given server.
  public let socketFolder: String?
  /// The URL of the server.
  let url: String

  private init(socketFolder: String?, url: String) {
    self.socketFolder = socketFolder
    self.url = url
  }

  /// Returns the URL of a role in the own server.
  public func ownURL(user: String, database: String = "postgres") -> String {
    TestCluster.ownURL(user: user, database: database, socketFolder: socketFolder ?? "")
  }

  private static func ownURL(user: String, database: String, socketFolder: String) -> String {
    "postgresql://\(user)@/\(database)?host=\(socketFolder)"
  }

  private static func start() -> Result<TestCluster, Unavailable> {
    if let url = ProcessInfo.processInfo.environment["TEST_DATABASE_URL"], !url.isEmpty {
      return .success(TestCluster(socketFolder: nil, url: url))
    }
    guard let programs = programFolder() else {
      return .failure(
        Unavailable(why: "no PostgreSQL server to test with: install postgresql or set TEST_DATABASE_URL"))
    }
    do {
      let folder = try Shell.run(startScript, ["programs": programs])
      try Shell.startOnLeash(stopScript, ["programs": programs, "folder": folder])
      let url = ownURL(user: "postgres", database: "postgres", socketFolder: folder)
      return .success(TestCluster(socketFolder: folder, url: url))
    } catch { return .failure(Unavailable(why: "unable to start a PostgreSQL to test with: \(error)")) }
  }

  /// Returns the folder of initdb and pg_ctl.
  public static func programFolder() -> String? { programFolders().first }

  /// Returns all of these folders; the first one is that of the version to test with.
  static func programFolders() -> [String] {
    let environment = ProcessInfo.processInfo.environment
    var folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    if let folder = environment["POSTGRES_BIN"] { folders.insert(folder, at: 0) }
    let debian = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
    folders += versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "\(debian)/\($0)/bin" }
    return folders.filter { folder in
      ["initdb", "pg_ctl", "postgres"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    }
  }

  /// The server does not run as root, and a socket's path must be short: hence a folder directly in /tmp. The role
  /// with_password needs a password, all others are trusted.
  private static let startScript = """
    set -eu
    folder=$(mktemp -d /tmp/regtest.XXXXXX)
    as_server() { "$@"; }
    if [ "$(id -u)" = 0 ]; then
      chown postgres "$folder"
      as_server() { runuser -u postgres -- "$@"; }
    fi
    chmod 0711 "$folder"
    cd /
    as_server "$programs/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C -N >"$folder/log" 2>&1
    printf 'local all with_password scram-sha-256\\nlocal all all trust\\n' |
      as_server tee "$folder/data/pg_hba.conf" >/dev/null
    as_server "$programs/pg_ctl" -D "$folder/data" -l "$folder/data/log" -w start -o "-k $folder \\
      -c listen_addresses= -c fsync=off -c full_page_writes=off -c autovacuum=off -c max_connections=60 \\
      -c unix_socket_permissions=0777" >>"$folder/log" 2>&1 </dev/null
    echo "$folder"
    """

  /// Waits for the end of the test process, then stops and removes the cluster.
  static let stopScript = """
    cat >/dev/null
    as_server() { "$@"; }
    if [ "$(id -u)" = 0 ]; then as_server() { runuser -u postgres -- "$@"; }; fi
    cd /
    as_server "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
    rm -rf "$folder"
    """
}
