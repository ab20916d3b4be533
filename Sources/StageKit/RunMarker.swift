import Failures
import Faults
import FoundationEssentials
import Glibc
import Spool

/// A file that stands in the spool while a run is under way, locked by it: `spool/.runs/<run id>`. One whose lock is free
/// belongs to a run that was killed, which the next run reports.
public final class RunMarker {
  public let runID: String
  private let path: String
  private let lock: FileLock?
  private let isOwn: Bool

  private init(runID: String, path: String, lock: consuming FileLock?, isOwn: Bool) {
    self.runID = runID
    self.path = path
    self.lock = lock
    self.isOwn = isOwn
  }

  /// Takes part in the run that `pipeline.sh` began (`RUN_ID`, `RUN_MARKER`), or begins one of its own.
  public static func enter(spool: String, command: String) throws -> RunMarker {
    if let runID = Environment.value("RUN_ID"), let path = Environment.value("RUN_MARKER") {
      return RunMarker(runID: runID, path: path, lock: nil, isOwn: false)
    }
    let runID = UUID().uuidString.lowercased()
    // Who only reads the spool needs no leave to write there, and who writes is told by the file that it cannot write.
    if access(spool, W_OK) != 0, errno == EROFS || errno == EACCES {
      return RunMarker(runID: runID, path: "", lock: nil, isOwn: false)
    }
    try Folder.make(spool, followLinks: true)
    try Folder.make(folder(spool))
    let path = folder(spool) + "/" + runID
    // Locked and filled before it has its name: no other run ever takes it for a killed one's.
    let new = folder(spool) + "/.\(getpid())." + runID
    let lock = try FileLock(new)
    do throws(Failure) {
      try write("\(command) \(getpid())\n", to: new)
      guard Faults.call(.rename, at: path, { rename(new, path) }) == 0 else {
        throw .system("rename '\(new)'", errno: errno)
      }
    } catch {
      unlink(new)
      throw error
    }
    return RunMarker(runID: runID, path: path, lock: lock, isOwn: true)
  }

  private static func write(_ text: String, to path: String) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw .system("open '\(path)'", errno: errno) }
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Faults.write(descriptor, $0, at: path) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .system("write '\(path)'", errno: errno) }
      rest = rest.dropFirst(count)
    }
  }

  /// This process has said what there is to say.
  ///
  /// - Parameter runEnded: whether the run ends with it; the marker of a run that goes on stays for the next stage.
  public func leave(runEnded: Bool) {
    if !path.isEmpty, runEnded || isOwn { _ = Faults.call(.remove, at: path) { unlink(path) } }
  }

  /// Runs that were killed: their markers are taken away.
  ///
  /// - Returns: the run's name, and the command that it ran.
  public static func killedRuns(spool: String) throws -> [(runID: String, command: String)] {
    let folder = folder(spool)
    var killed: [(String, String)] = []
    for name in try Folder.names(folder) {
      let path = folder + "/" + name
      guard !name.hasPrefix(".") else {
        try? removeUnborn(name, at: path)
        continue
      }
      // What is no marker stands in nobody's way.
      if let command = (try? take(path)) ?? nil { killed.append((name, command)) }
    }
    return killed
  }

  /// A lock that is free: its run is no more. Held until the marker is gone, so that one run alone reports it.
  private static func take(_ path: String) throws -> String? {
    let command = try FileLock.hold(path, make: false) { () -> String? in
      guard let content = try SpoolFile.read(path, bytesMax: 4096) else { return nil }
      try SpoolFile.remove(path)
      return String(decoding: content.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
    return command ?? nil
  }

  /// A marker that is being made, `.PID.RUN`, is left alone; one whose maker is no more goes.
  private static func removeUnborn(_ name: String, at path: String) throws {
    guard let pid = name.split(separator: ".").first.flatMap({ pid_t($0) }), kill(pid, 0) != 0, errno == ESRCH else {
      return
    }
    _ = try FileLock.hold(path, make: false) { try SpoolFile.remove(path) }
  }

  private static func folder(_ spool: String) -> String { spool + "/.runs" }
}
