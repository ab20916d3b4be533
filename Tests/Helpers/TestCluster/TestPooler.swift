import Foundation
import Postgres

/// A pgbouncer between a test and the tests' own server, with sessions of one role. It ends with its owner, or with
/// the test process, even if that is killed.
public final class TestPooler: Sendable {
  /// The URL for clients.
  public let url: String
  private let folder: String

  /// Why no pooler can be started; nil if one can.
  public static let unavailable: String? =
    !TestCluster.isOwn
    ? "needs a server of its own: unset TEST_DATABASE_URL"
    : program == nil ? "no pooler to test with: install pgbouncer" : nil
  public static var isAvailable: Bool { unavailable == nil }

  private static let program: String? = {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return (path.split(separator: ":").map(String.init) + ["/usr/sbin"]).map { $0 + "/pgbouncer" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// - Parameters:
  ///   - mode: `session`, `transaction` or `statement`.
  ///   - role: the role of its sessions.
  ///   - settings: further lines for its configuration file.
  public init(mode: String, role: String, settings: String = "") throws {
    let cluster = try TestCluster.shared.get()
    folder = try Shell.run(
      """
      set -eu
      as_server() { "$@"; }
      if [ "$(id -u)" = 0 ]; then as_server() { runuser -u postgres -- "$@"; }; fi
      folder=$(mktemp -d /tmp/regtest.XXXXXX)
      [ "$(id -u)" != 0 ] || chown postgres "$folder"
      chmod 0711 "$folder"
      cd /
      as_server tee "$folder/ini" >/dev/null <<INI
      [databases]
      * = host=$server port=5432 user=$role
      [pgbouncer]
      listen_addr =
      unix_socket_dir = $folder
      unix_socket_mode = 0777
      auth_type = any
      pool_mode = $mode
      default_pool_size = 20
      logfile = $folder/log
      pidfile = $folder/pid
      $settings
      INI
      as_server "$program" -q -d "$folder/ini" >/dev/null 2>&1
      echo "$folder"
      """,
      [
        "program": Self.program ?? "", "server": cluster.socketFolder ?? "", "role": role, "mode": mode,
        "settings": settings,
      ])
    url = "postgresql://\(role)@/postgres?host=\(folder)&port=6432"
    try Shell.startOnLeash("cat >/dev/null; " + Self.end, ["folder": folder])
  }

  deinit { _ = try? Shell.run(Self.end, ["folder": folder]) }

  private static let end = """
    [ ! -s "$folder/pid" ] || kill -KILL "$(cat "$folder/pid")" 2>/dev/null
    rm -rf "$folder"

    """
}
