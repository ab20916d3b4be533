import Foundation
import Postgres
import Synchronization

/// A PostgreSQL server for a single test, which may stop it, fill its disk and restart it. It ends with its last owner,
/// or with the test process, even if that is killed.
public final class OwnServer: Sendable {
  /// The folder of its socket.
  public let folder: String
  private let data: String
  private let programs: String
  private let heldWriter = Mutex<Int?>(nil)

  /// Why no server can be started; nil if one can.
  public static let unavailable: String? =
    TestCluster.programFolder() == nil ? "no PostgreSQL to start: install postgresql" : nil
  public static var isAvailable: Bool { unavailable == nil }

  /// - Parameters:
  ///   - settings: lines for postgresql.conf, for instance `wal_writer_delay=10s`.
  ///   - data: an existing empty folder on a separate disk; nil for one beside the socket.
  ///   - wal: the same for the write-ahead log.
  public init(_ settings: [String] = [], data: String? = nil, wal: String? = nil) throws {
    programs = TestCluster.programFolder() ?? ""
    folder = try Shell.run(
      Self.asServer + Self.make,
      [
        "programs": programs, "given": data ?? "", "wal": wal ?? "", "settings": settings.joined(separator: "\n"),
      ])
    self.data = data ?? folder + "/data"
    try Shell.startOnLeash(
      Self.asServer + "cat >/dev/null; " + Self.end, ["programs": programs, "folder": folder, "data": self.data])
    try start()
  }

  deinit {
    if let held = heldWriter.withLock({ $0 }) { kill(pid_t(held), SIGKILL) }
    _ = try? Shell.run(Self.asServer + Self.end, ["programs": programs, "folder": folder, "data": data])
  }

  /// Starts the server and waits until it answers.
  ///
  /// - Parameters:
  ///   - preload: a library for LD_PRELOAD.
  ///   - clockOffset: the number of seconds by which the library shifts the clock.
  public func start(preload: String = "", clockOffset: Int = 0) throws {
    _ = try Shell.run(
      Self.asServer + """
        cd /
        [ -z "$preload" ] || export LD_PRELOAD="$preload" CLOCK_OFFSET="$offset"
        as_server "$programs/pg_ctl" -D "$data" -l "$folder/log" -w -t 60 start >/dev/null 2>&1
        """, ["programs": programs, "folder": folder, "data": data, "preload": preload, "offset": "\(clockOffset)"])
  }

  /// Ends every session at once without flushing, as in a power failure. The next start begins with recovery.
  public func stopImmediately() throws {
    let held = heldWriter.withLock { $0.take() }
    _ = try Shell.run(
      Self.asServer + """
        cd /
        if [ -n "$held" ]; then
          as_server "$programs/pg_ctl" -D "$data" -W -m immediate stop >/dev/null 2>&1
          kill -KILL "$held"
        fi
        as_server "$programs/pg_ctl" -D "$data" -w -m immediate stop >/dev/null 2>&1 || [ -n "$held" ]
        ! [ -e "$data/postmaster.pid" ]
        """, ["programs": programs, "data": data, "held": held.map { "\($0)" } ?? ""])
  }

  /// Restarts the server and starts a hot standby, which ends with it. Not every installation has pg_basebackup.
  ///
  /// - Parameter settings: lines for its postgresql.conf.
  /// - Returns: its URL.
  public func startStandby(_ settings: [String]) throws -> String {
    let settings = settings + ["primary_conninfo = 'host=\(folder) user=postgres'"]
    _ = try Shell.run(
      Self.asServer + """
        set -e
        cd /
        as_server "$programs/pg_ctl" -D "$data" -w -m fast stop >/dev/null 2>&1
        as_server cp -a "$data" "$folder/standby"
        as_server touch "$folder/standby/standby.signal"
        printf '%s' "$settings" | as_server tee -a "$folder/standby/postgresql.conf" >/dev/null
        as_server "$programs/pg_ctl" -D "$data" -l "$folder/log" -w -t 60 start >/dev/null 2>&1
        as_server "$programs/pg_ctl" -D "$folder/standby" -o '-p 5433' -l "$folder/standby.log" -w -t 60 start >/dev/null 2>&1
        """,
      [
        "programs": programs, "folder": folder, "data": data,
        "settings": settings.joined(separator: "\n").replacing("'", with: "'\\''"),
      ])
    return url() + "&port=5433"
  }

  /// Stops the WAL writer: asynchronous commits are no longer written, and are lost with ``stopImmediately()``.
  public func holdWriter() throws {
    let process = try execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'").number
    guard let process, kill(pid_t(process), SIGSTOP) == 0 else { throw Shell.Failed(description: "no WAL writer") }
    heldWriter.withLock { $0 = process }
  }

  /// The server's log.
  public var log: String {
    String(decoding: FileManager.default.contents(atPath: folder + "/log") ?? Data(), as: UTF8.self)
  }

  public func url(user: String = "postgres", host: String? = nil) -> String {
    "postgresql://\(user)@/postgres?host=\(host ?? folder)"
  }

  public func open() throws -> Connection { try TestDatabase.open(url()) }

  @discardableResult
  public func execute(_ sql: String) throws -> Rows {
    var session = try open()
    return try session.execute(sql)
  }

  /// Defines a function that runs commands as postgres, because the server refuses to run as root.
  private static let asServer = """
    as_server() { "$@"; }
    if [ "$(id -u)" = 0 ]; then as_server() { runuser -u postgres -- "$@"; }; fi

    """

  private static let make = """
    set -eu
    folder=$(mktemp -d /tmp/regtest.XXXXXX)
    chmod 0711 "$folder"
    data=${given:-$folder/data}
    mkdir -p "$data"
    [ "$(id -u)" != 0 ] || chown postgres "$folder" "$data" ${wal:+"$wal"}
    cd /
    as_server "$programs/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C -N --wal-segsize=1 \\
      ${wal:+"--waldir=$wal"} >"$folder/initdb.log" 2>&1
    {
      echo "listen_addresses = ''"
      echo "unix_socket_directories = '$folder'"
      echo "unix_socket_permissions = 0777"
      echo "fsync = off"
      echo "autovacuum = off"
      echo "max_connections = 30"
      echo "shared_buffers = 32MB"
      echo "min_wal_size = 2MB"
      echo "max_wal_size = 16MB"
      echo "$settings"
    } | as_server tee -a "$data/postgresql.conf" >/dev/null
    echo "$folder"

    """

  private static let end = """
    cd /
    [ ! -d "$folder/standby" ] || as_server "$programs/pg_ctl" -D "$folder/standby" -m immediate stop >/dev/null 2>&1
    [ ! -d "$data" ] || as_server "$programs/pg_ctl" -D "$data" -m immediate stop >/dev/null 2>&1
    rm -rf "$folder"

    """
}
