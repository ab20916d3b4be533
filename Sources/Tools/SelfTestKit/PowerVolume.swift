import CSupport
import CommandKit
import Foundation
import Spool
import Support
import Synchronization

/// A file system in a file in memory, with a PostgreSQL that flushes its data (`fsync=on`). Its power can be cut: everything that
/// was not flushed is then lost, and the server is killed.
///
/// Works only as root and as process 1 of its own PID and mount namespace: the kernel ends the server and unmounts the
/// volume when this process ends, however that happens.
final class PowerVolume: Sendable {
  /// Where the volume is mounted.
  let folder: String
  let databaseURL: String

  private let image: String
  private let kind: VolumeKind
  private let startCommand: [String]
  /// The server's first process.
  private let process = Mutex(pid_t(0))

  /// Makes the volume, initializes a database cluster on it, and starts the server.
  ///
  /// - Parameters:
  ///   - place: the folder for the image and the mount point.
  ///   - postgres: the folder of PostgreSQL's programs.
  init(in place: String, kind: VolumeKind, postgres: String) throws {
    guard getuid() == 0, getpid() == 1 else {
      throw Failure(
        .usage, "power cuts need root and namespaces of their own",
        hint: "as root, run '\(command: .selftest) --power'")
    }
    self.kind = kind
    // In memory, because thousands of flushes to a disk take an hour. What a cut loses is lost in the same way.
    let memory = place + "/memory"
    image = memory + "/image"
    folder = place + "/volume"
    // A socket's path may have 107 bytes only. An abstract socket is not on the volume either.
    let socket = "@registry-selftest-\(UInt32.random(in: .min ... .max))"
    databaseURL = "postgresql://postgres@/postgres?host=%40\(socket.dropFirst())"
    // PostgreSQL does not run as root, and the scratch folder is root's. Programs that run as root connect as postgres.
    let capability = "+dac_read_search"
    let server = [
      "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--inh-caps=" + capability,
      "--ambient-caps=" + capability, "--",
    ]
    let data = folder + "/data"
    startCommand = server + [postgres + "/pg_ctl", "-D", data, "-l", data + "/server.log", "-w", "-t", "60", "start"]
    for name in [memory, folder] {
      try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: false)
    }
    try Self.run(["mount", "-t", "tmpfs", "-o", "mode=700", "none", memory])
    try Self.run(["truncate", "--size=1G", image])
    try Self.run(kind.formatCommand + [image])
    try mount()
    try Self.run(["install", "-d", "-m", "0700", "-o", "postgres", "-g", "postgres", data])
    try Self.run(
      server + [postgres + "/initdb", "-D", data, "-U", "postgres", "--auth=peer", "-E", "UTF8", "--locale=C"])
    try Self.append("local all postgres peer map=root\n", to: data + "/pg_hba.conf", replace: true)
    try Self.append("root root postgres\n", to: data + "/pg_ident.conf")
    try Self.append(
      "listen_addresses = ''\nunix_socket_directories = '\(socket)'\nautovacuum = off\nmax_wal_size = '200MB'\n",
      to: data + "/postgresql.conf")
    try start()
  }

  /// Variables with which a program's planned kill cuts the power.
  var variables: [String: String] { ["REGISTRY_FAULT_VOLUME": folder] }

  /// Makes everything durable that is on the volume.
  func flush() throws { try Self.run(["sync", "--file-system", folder]) }

  /// Cuts the power, unless a program has done so, then mounts the volume and starts the server.
  func cutAndRestart() throws {
    // After a cut by a program, this fails.
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor >= 0 {
      _ = registry_stop_file_system(descriptor)
      close(descriptor)
    }
    try unmount()
    try mount()
    try start()
  }

  /// Ends the server and unmounts everything.
  func remove() throws {
    try unmount()
    try Self.run(["umount", Folder.of(image)])
  }

  private func unmount() throws {
    killServer()
    try Self.run(["umount", folder])
  }

  private func mount() throws { try Self.run(["mount", "-t", kind.rawValue, "-o", "loop", image, folder]) }

  private func start() throws {
    // After a restart of the machine, these name processes that no longer run, or others.
    let file = folder + "/data/postmaster.pid"
    unlink(file)
    try Self.run(startCommand)
    let first = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").first
    guard let number = first.flatMap({ pid_t($0) }), number > 1 else { throw Failure(.bug, "'\(file)' has no number") }
    process.withLock { $0 = number }
  }

  /// Ends all processes of the server: they end when the first one has ended, and are then children of this process.
  private func killServer() {
    kill(process.withLock { $0 }, SIGKILL)
    while waitpid(-1, nil, 0) > 0 || errno == EINTR {}
  }

  private static func append(_ text: String, to path: String, replace: Bool = false) throws {
    guard let file = fopen(path, replace ? "w" : "a") else { throw Failure.system("open '\(path)'", errno: errno) }
    defer { fclose(file) }
    fputs(text, file)
  }

  private static func run(_ words: [String]) throws {
    let output = NSTemporaryDirectory() + "registry-selftest-output"
    var process = ChildProcess(["/usr/bin/env"] + words, environment: ChildProcess.environment)
    process.stdout = .file(output, truncate: true)
    process.stderr = .file(output)
    defer { unlink(output) }
    let child = try process.start()
    guard try ChildProcess.end(of: child, wait: true)?.code == 0 else {
      let lines = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
      throw Failure(.configuration, "unable to run '\(words.joined(separator: " "))': \(lines.suffix(300))")
    }
  }
}

/// File systems that can be stopped without flushing.
public enum VolumeKind: String, CaseIterable, Sendable {
  case ext4, xfs

  var formatCommand: [String] {
    switch self {
    case .ext4: ["mkfs.ext4", "-q"]
    case .xfs: ["mkfs.xfs", "-q"]
    }
  }
}
