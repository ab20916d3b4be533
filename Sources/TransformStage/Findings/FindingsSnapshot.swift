import Failures
import Records
import Spool
import StageKit

/// The findings of a settled snapshot: files that are checked, each against the manifest that names it.
struct FindingsSnapshot {
  let folder: SnapshotFolder
  /// Of the source.
  let header: Header
  /// Whether it stands for the whole registry: only such ones can be compared with each other.
  let whole: Bool
  /// Code → count.
  let counts: [String: Int]
  let records: Int
  let files: [VerifiedFile]

  /// - Throws: verdict `notReady` where transform has not finished, `data` where something is damaged.
  init(_ folder: SnapshotFolder) throws {
    let snapshot = try SettledSnapshot(folder)
    self.folder = folder
    header = try snapshot.header()
    whole = snapshot.whole
    counts = snapshot.transform.findingCounts
    records = snapshot.totals.total
    files = snapshot.batches.map(snapshot.findings)
  }
}

extension FindingsSnapshot {
  /// The newest snapshot that is settled.
  ///
  /// - Throws: verdict `notReady` where there is none.
  static func newest(_ spool: String) throws -> SnapshotFolder {
    for id in try Survey.snapshots(spool).reversed() {
      let folder = SnapshotFolder(spool: spool, id: id)
      if try isSettled(folder) { return folder }
    }
    throw Failure(
      .notReady, "'\(spool)' holds no snapshot that is transformed", hint: "run '\(command: .dryRun)' first")
  }

  /// The newest settled snapshot that is older than this one and of its kind; nil where there is none.
  func previous() throws -> FindingsSnapshot? {
    for id in try Survey.snapshots(folder.spool).reversed() where id < folder.id {
      let earlier = SnapshotFolder(spool: folder.spool, id: id)
      guard try Self.isSettled(earlier),
        try FetchManifest.read(at: earlier.fetchManifest)?.terms.whole == whole
      else { continue }
      return try FindingsSnapshot(earlier)
    }
    return nil
  }

  private static func isSettled(_ folder: SnapshotFolder) throws -> Bool {
    try SpoolFile.size(folder.transformManifest) != nil
  }
}
