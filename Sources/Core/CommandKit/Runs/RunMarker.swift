import FaultInjection
import FoundationEssentials
import Glibc
import Spool
import StructuredLogging
import Support

/// A file in the spool that a run locks while it is under way: `spool/.runs/<run id>`. A marker whose lock is free
/// belongs to a killed run, which the next run reports.
public final class RunMarker {
  public let identity: RunIdentity
  /// Whether this process is one stage of a run that `pipeline.sh` began.
  let isShared: Bool
  private let path: String
  private let lock: FileLock?

  private init(_ identity: RunIdentity, path: String, lock: consuming FileLock? = nil, isShared: Bool = false) {
    self.identity = identity
    self.path = path
    self.lock = lock
    self.isShared = isShared
  }

  /// Joins the run that `pipeline.sh` began (`RUN_ID`, `RUN_MARKER`), or begins one of its own.
  public static func acquire(spool: String, command: String) throws -> RunMarker {
    if let path = inheritedPath, let identity = RunIdentity.inherited(command: command) {
      return RunMarker(identity, path: path, isShared: true)
    }
    let identity = RunIdentity(command: command)
    // Stages that only read the spool need no right to write there; others fail at the first file that they cannot
    // write.
    if access(spool, W_OK) != 0, errno == EROFS || errno == EACCES { return RunMarker(identity, path: "") }
    do { return try create(identity, in: spool) } catch let failure as Failure where withoutRecord.contains(command) {
      // On a full disk a rollback or a corrected load must be possible: only the record of this run is missing.
      guard [ENOSPC, EDQUOT].contains(where: { failure.message.hasSuffix(": \(SystemError($0))") }) else {
        throw failure
      }
      // The log opens later. `pipeline.sh` reports the same for the runs that it begins.
      StandardError.write("\(failure.message): this run leaves no record\n")
      return RunMarker(identity, path: "")
    }
  }

  /// Commands that write little or nothing to the spool.
  private static let withoutRecord: Set = ["load", "rollback", "replay", "withdraw"]

  private static func create(_ identity: RunIdentity, in spool: String) throws -> RunMarker {
    try Folder.make(spool, followLinks: true)
    try Folder.make(folder(spool))
    let path = folder(spool) + "/" + identity.runID
    // Locked and filled before it gets its name, so that no other run takes it for a killed run's marker.
    let new = folder(spool) + "/.\(getpid())." + identity.runID
    let lock = try FileLock.tryLock(new)
    do throws(Failure) {
      try write(identity.marker(pid: getpid()), to: new)
      guard Faults.call(.rename, at: path, { rename(new, path) }) == 0 else {
        throw .system("rename '\(new)'", errno: errno)
      }
    } catch {
      unlink(new)
      throw error
    }
    return RunMarker(identity, path: path, lock: lock)
  }

  /// The spool of the run that `pipeline.sh` began, even if the command line cannot be parsed.
  static var inheritedSpool: String? { inheritedPath.map { Folder.of(Folder.of($0)) } }

  /// Removes the marker of the run that `pipeline.sh` began, for a process without a ``RunMarker``.
  static func removeInherited() {
    if let path = inheritedPath { _ = Faults.call(.remove, at: path) { unlink(path) } }
  }

  /// `RUN_MARKER`, if it is the marker of `RUN_ID`. The check matters because the file is removed at the end.
  private static var inheritedPath: String? {
    Environment.value("RUN_MARKER").flatMap { path in
      let isMarker =
        Folder.name(of: path) == Environment.value("RUN_ID") && Folder.name(of: Folder.of(path)) == ".runs"
      return isMarker ? path : nil
    }
  }

  /// Whether the spool can hold the run's record.
  var isWritten: Bool { !path.isEmpty }

  private static func write(_ text: String, to path: String) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw .system("open '\(path)'", errno: errno) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in
      try DurableFile.writeAll(UnsafeRawBufferPointer(bytes), to: descriptor, at: path)
    }
  }

  /// Releases the run. Call it after this process has logged its end.
  ///
  /// - Parameter runEnded: whether the run ends with this process. Otherwise the marker stays for the next stage.
  public func release(runEnded: Bool) {
    if !path.isEmpty, runEnded || !isShared { _ = Faults.call(.remove, at: path) { unlink(path) } }
  }

  /// Completes the records of runs that were killed, removes their markers, and reports each. A run that recorded its
  /// own end, and was killed before it removed its marker, is not reported.
  ///
  /// - Throws: if a record cannot be written; its marker stays for the next run.
  static func completeKilledRuns(spool: String, report: (RunIdentity) -> Void) throws {
    var trouble: (any Error)?
    for name in try Folder.names(folder(spool)) {
      let path = folder(spool) + "/" + name
      guard !name.hasPrefix(".") else {
        try? removeUnborn(name, at: path)
        continue
      }
      // Other files are ignored.
      guard let lock = try? FileLock.tryLock(path, make: false), let identity = try? read(name, path) else { continue }
      // Locked until the marker is removed, so that only one run reports it. The record comes first: a marker that
      // remains is found again.
      do {
        let wasKilled = try !RunRecords.isName(name) || RunRecords.completeKilled(identity, spool: spool)
        try? SpoolFile.remove(path)
        lock.release()
        if wasKilled { report(identity) }
      } catch {
        lock.release()
        trouble = trouble ?? error
      }
    }
    if let trouble { throw trouble }
  }

  /// Lists the runs that have a marker. Files that are not markers are skipped.
  ///
  /// - Returns: each run, and whether one of its processes is alive.
  static func list(spool: String) throws -> [(RunIdentity, isAlive: Bool)] {
    try Folder.names(folder(spool)).filter(RunRecords.isName).compactMap { name in
      let path = folder(spool) + "/" + name
      guard let identity = try? read(name, path),
        let isAlive = try? FileLock.tryLock(path, shared: true, make: false) == nil
      else { return nil }
      return (identity, isAlive)
    }
  }

  private static func read(_ name: String, _ path: String) throws -> RunIdentity? {
    guard let content = try SpoolFile.read(path, bytesMax: 4096) else { return nil }
    var status = stat()
    let written = lstat(path, &status) == 0 ? Timestamp.utcMilliseconds(status.st_mtim) : Timestamp.utcMilliseconds()
    return RunIdentity(runID: name, marker: String(decoding: content, as: UTF8.self), writtenAt: written)
  }

  /// Removes an unfinished marker, `.PID.RUN`, if its process has ended.
  private static func removeUnborn(_ name: String, at path: String) throws {
    guard let pid = name.split(separator: ".").first.flatMap({ pid_t($0) }), kill(pid, 0) != 0, errno == ESRCH else {
      return
    }
    guard let lock = try FileLock.tryLock(path, make: false) else { return }
    try lock.hold { try SpoolFile.remove(path) }
  }

  private static func folder(_ spool: String) -> String { spool + "/.runs" }
}

extension FaultPoint {
  /// The steps at which every stage changes a run's marker and record.
  public static let run: [FaultPoint] =
    steps(FaultSubject.spool, .makeFolder, .flushFolder) + steps(".runs", .makeFolder)
    + steps(".runs/RUN", .create, .write, .rename, .remove) + steps("runs", .makeFolder, .flushFolder)
    + durableFile("runs/RUN.json")
}
