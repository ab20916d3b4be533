import FoundationEssentials
import Glibc
import Spool
import Support

/// The records of runs: `spool/runs/<run id>.json` is the summary of a run, however the run ended. A run that is under
/// way has its marker in `spool/.runs`. Each of its stages rewrites the record, and the next stage continues it.
public enum RunRecords {
  /// The number of records to keep, the newest ones.
  static let kept = 400
  /// The age in seconds at which a temporary file is removed: no writer needs it that long.
  private static let temporarySecondsMax = 24 * 3600
  private static let bytesMax = 4 << 20

  /// Whether a run ID may be a file's name.
  static func isName(_ runID: String) -> Bool {
    (1...64).contains(runID.utf8.count)
      && runID.utf8.allSatisfy {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
          || $0 == UInt8(ascii: "-")
      }
  }

  /// Whether an earlier stage of the run that `pipeline.sh` began has written its record.
  static func exists(_ runID: String) -> Bool {
    RunMarker.inheritedSpool.map { access(path(runID, $0), F_OK) == 0 } ?? false
  }

  /// Reads a run's record.
  ///
  /// - Returns: nil if there is none.
  /// - Throws: if the file is unreadable, or is the record of another run.
  public static func read(_ runID: String, spool: String) throws -> Summary? {
    guard let bytes = try SpoolFile.read(path(runID, spool), bytesMax: bytesMax) else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .fromSnakeCase
    guard let summary = try? decoder.decode(Summary.self, from: Data(bytes)), summary.runID == runID else {
      throw Failure(
        .data, "'\(path(runID, spool))' does not describe run \(runID)",
        hint: "remove it: the run then disappears from the list of runs, and nothing else changes")
    }
    return summary
  }

  /// Writes a record, and removes the oldest ones beyond ``kept``.
  static func write(_ summary: Summary, spool: String) throws {
    try Folder.make(folder(spool))
    let bytes = try summary.json()
    var file = try DurableFile(path(summary.runID, spool))
    try bytes.withUnsafeBytes { try file.write($0) }
    try file.publish()
    if summary.endedAt != nil { try prune(spool, except: summary.runID) }
  }

  /// Completes the record of a run that was killed, by a signal or a crash of the machine, before it recorded its end.
  ///
  /// - Returns: false if the run recorded its own end, which has an exit code.
  static func completeKilled(_ identity: RunIdentity, spool: String) throws -> Bool {
    var summary = (try? read(identity.runID, spool: spool)) ?? Summary(identity)
    guard summary.endedAt == nil else { return summary.exitCode == nil }
    summary.endKilled()
    try write(summary, spool: spool)
    return true
  }

  /// Completes the record of a run that ends outside a stage: because of its arguments, or in `pipeline.sh` itself.
  static func completeFailed(_ identity: RunIdentity, _ problem: Summary.Problem, spool: String) throws {
    var summary = (try? read(identity.runID, spool: spool)) ?? Summary(identity)
    summary.end(with: problem)
    try write(summary, spool: spool)
  }

  /// Lists all recorded and running runs, the newest first. Runs that start in the future come last.
  ///
  /// - Parameter skipped: called with the reason for each record that cannot be read.
  public static func list(spool: String, skipped: (Failure) -> Void = { _ in }) throws -> [Summary] {
    // Read the markers first: a run that ends meanwhile then has its record.
    let markers = try RunMarker.list(spool: spool)
    var runs: [String: Summary] = [:]
    for name in try Folder.names(folder(spool)) where name.hasSuffix(".json") && !name.hasPrefix(".") {
      do { runs[String(name.dropLast(5))] = try read(String(name.dropLast(5)), spool: spool) } catch let failure
        as Failure
      { skipped(failure) }
    }
    for (identity, isAlive) in markers where runs[identity.runID]?.endedAt == nil {
      var summary = runs[identity.runID] ?? Summary(identity)
      if isAlive { summary.status = .running } else { summary.endKilled() }
      runs[identity.runID] = summary
    }
    for (runID, run) in runs where run.endedAt == nil && run.status != .running {
      // The marker is gone, so the run ended without recording it; the disk may have been full.
      runs[runID]?.end(
        with: Summary.Problem(
          stage: "pipeline.sh", message: "the run could not record its end", hints: ["read the run's log"],
          exitCode: nil))
    }
    // A run that began while the clock was ahead comes last. Otherwise it would stay the newest until that time.
    let latest = Timestamp.utcMilliseconds(secondsFromNow: 300)
    func order(_ run: Summary) -> (String, String) {
      (run.startedAt.map { $0 > latest ? "" : $0 } ?? "", run.runID)
    }
    return runs.values.sorted { order($0) > order($1) }
  }

  /// Removes the oldest records, by modification time so that only these have to be read. Also removes files that
  /// killed writers left.
  private static func prune(_ spool: String, except runID: String) throws {
    let names = try Folder.names(folder(spool))
    let temporary = dated(names.filter { $0.hasPrefix(".") }, spool)
    let records = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }
    let oldRecords = records.count > kept ? dated(records, spool).dropLast(kept) : []
    let old =
      temporary.filter { $0.time.tv_sec < time(nil) - temporarySecondsMax }
      + oldRecords.filter { isRecord($0.path, spool) }
    // A record that stays does no harm, and another run may be removing it, so errors are ignored.
    for file in old where file.path != path(runID, spool) { unlink(file.path) }
  }

  /// Whether a file is a run's record. Users may keep other files in the folder.
  private static func isRecord(_ path: String, _ spool: String) -> Bool {
    let name = String(Folder.name(of: path).dropLast(5))
    return isName(name) && (try? read(name, spool: spool)) != nil
  }

  /// The files with the time of their last change, the oldest first.
  private static func dated(_ names: [String], _ spool: String) -> [(time: timespec, path: String)] {
    names.compactMap { name -> (time: timespec, path: String)? in
      var status = stat()
      let path = folder(spool) + "/" + name
      return lstat(path, &status) == 0 ? (status.st_mtim, path) : nil
    }.sorted { ($0.time.tv_sec, $0.time.tv_nsec, $0.path) < ($1.time.tv_sec, $1.time.tv_nsec, $1.path) }
  }

  private static func folder(_ spool: String) -> String { spool + "/runs" }
  private static func path(_ runID: String, _ spool: String) -> String { folder(spool) + "/" + runID + ".json" }
}
