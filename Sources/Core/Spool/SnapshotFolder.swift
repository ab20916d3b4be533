import Glibc
import Support

/// All paths inside a snapshot, each with an example.
public struct SnapshotFolder: Sendable, Hashable {
  /// `spool`
  public let spool: String
  public let id: SnapshotID

  public init(spool: String, id: SnapshotID) {
    self.spool = spool
    self.id = id
  }

  /// `spool/20260901T211500Z-1f0c9a3e`
  public var path: String { spool + "/" + id.description }

  // What fetch writes.

  /// `…/source.json`: the response with which the download began; without `fetch.json` it is not complete.
  public var downloadManifest: String { path + "/source.json" }
  /// `…/fetch.json`: the whole source is in the spool.
  public var fetchManifest: String { path + "/fetch.json" }
  /// `…/fetch`
  public var fetchFolder: String { path + "/fetch" }
  /// `…/fetch/000001.csv.zst`
  public func csv(_ chunk: Int) -> String { fetchFolder + "/" + Self.csvName(chunk) }
  /// `…/fetch/000001.json`
  public func fetchChunkManifest(_ chunk: Int) -> String { fetchFolder + "/" + Self.manifestName(chunk) }

  // What transform writes.

  /// `…/transform.json`: every chunk is validated, and the snapshot is finalized.
  public var transformManifest: String { path + "/transform.json" }
  /// `…/transform`
  public var transformFolder: String { path + "/transform" }
  /// `…/transform/000001.registrations.tsv`
  public func registrations(_ chunk: Int) -> String { transformFolder + "/" + Self.registrationsName(chunk) }
  /// `…/transform/000001.industries.tsv`
  public func industries(_ chunk: Int) -> String { transformFolder + "/" + Self.industriesName(chunk) }
  /// `…/transform/000001.findings.jsonl`
  public func findings(_ chunk: Int) -> String { transformFolder + "/" + Self.findingsName(chunk) }
  /// `…/transform/000001.json`
  public func transformChunkManifest(_ chunk: Int) -> String { transformFolder + "/" + Self.manifestName(chunk) }
  /// `…/transform/.000001.lock`: held by the process that validates the chunk.
  public func chunkLock(_ chunk: Int) -> String { transformFolder + "/." + Self.number(chunk) + ".lock" }
  /// `…/.settle.lock`: exclusive while a process finalizes the snapshot, shared while one validates a chunk.
  public var finalizeLock: String { path + "/.settle.lock" }

  // What load writes.

  /// `…/accepted.json`: a user accepted the snapshot although it was refused.
  public var acceptanceManifest: String { path + "/accepted.json" }
  /// `…/changes`
  public var changesFolder: String { path + "/changes" }
  /// `…/changes/000012.jsonl.zst`: what job run 12 changed by publishing the snapshot.
  public func changes(_ jobRun: Int) -> String { changesFolder + "/" + Self.changesName(jobRun) }
  /// `…/changes/000012.json`
  public func changesManifest(_ jobRun: Int) -> String { changesFolder + "/" + Self.manifestName(jobRun) }

  /// `…/.use.lock`: shared by stages that read the snapshot, exclusive for the process that removes it.
  public var useLock: String { path + "/.use.lock" }

  /// Returns a hint with the command that redoes a file of a snapshot.
  ///
  /// - Parameter inTheWay: whether something has the file's name that no stage removes.
  static func redoHint(_ path: String, inTheWay: Bool = false) -> Hint {
    let first: Hint = inTheWay ? "remove it, then " : ""
    let parts = path.split(separator: "/")
    guard let place = parts.lastIndex(where: { SnapshotID(String($0)) != nil }), place + 1 < parts.count else {
      return first + "run the stage that writes it again, with --force"
    }
    switch parts[place + 1].prefix(while: { $0 != "." }) {
    case "transform": return first + "redo it: \(command: .transform, snapshot: parts[place], "--force")"
    // No stage needs either of them to continue.
    case "changes": return "remove it, then write it again with a load: \(command: .load)"
    case "accepted": return "remove it, and accept the snapshot again if it is refused"
    default: return .fetchAgain
    }
  }

  // Names without folders, as in manifests. A name from a manifest is only compared with these.

  /// `000001`
  public static func number(_ chunk: Int) -> String { chunk.padded(6) }
  public static func csvName(_ chunk: Int) -> String { number(chunk) + ".csv.zst" }
  public static func manifestName(_ chunk: Int) -> String { number(chunk) + ".json" }
  public static func registrationsName(_ chunk: Int) -> String { number(chunk) + ".registrations.tsv" }
  public static func industriesName(_ chunk: Int) -> String { number(chunk) + ".industries.tsv" }
  public static func changesName(_ jobRun: Int) -> String { number(jobRun) + ".jsonl.zst" }
  public static func findingsName(_ chunk: Int) -> String { number(chunk) + ".findings.jsonl" }
}

extension SnapshotFolder {
  /// Runs `body` while the snapshot cannot be removed. Any number of stages may use it at once. Symbolic links are
  /// refused: their files would not be the snapshot's.
  ///
  /// If this user cannot write to the folder, for instance on a read-only spool, `body` runs without a lock: processes
  /// with the same rights cannot remove anything either.
  @discardableResult
  public func use<Result>(
    stop: () throws(Failure) -> Void = {}, _ body: () throws -> Result
  ) throws -> Result {
    for folder in [fetchFolder, transformFolder, changesFolder] { try Folder.requireNoLink(folder) }
    let lock: FileLock
    do throws(Failure) { lock = try FileLock.lock(useLock, shared: true, stop: stop) } catch {
      guard access(path, W_OK) != 0 else { throw error }
      return try body()
    }
    return try lock.hold(body)
  }
}

/// Lists what the spool holds, from its files alone.
public enum SpoolIndex {
  /// Returns all snapshots, the oldest first. Other files in the folder are ignored.
  public static func snapshots(_ spool: String) throws -> [SnapshotID] {
    try Folder.names(spool, followLinks: true).compactMap(SnapshotID.init).filter { id in
      var status = stat()
      return lstat(spool + "/" + id.description, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
  }
}
