import CommandKit
import Records
import Spool
import Support

/// The findings of a finalized snapshot: files that are checked, each against the manifest that names it.
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

  /// - Throws: category `notReady` where transform has not finished, `data` where something is damaged.
  init(_ folder: SnapshotFolder) throws {
    let snapshot = try FinalizedSnapshot(folder)
    self.folder = folder
    header = try snapshot.header()
    whole = snapshot.whole
    counts = snapshot.transform.findingCounts
    records = snapshot.totals.total
    files = snapshot.batches.map(snapshot.findings)
  }
}

extension FindingsSnapshot {
  /// The newest snapshot that is finalized.
  ///
  /// - Throws: category `notReady` where there is none.
  static func newest(_ spool: String) throws -> SnapshotFolder {
    for id in try SpoolIndex.snapshots(spool).reversed() {
      let folder = SnapshotFolder(spool: spool, id: id)
      if try isFinalized(folder) { return folder }
    }
    throw Failure(
      .notReady, "'\(spool)' holds no snapshot that is transformed", hint: "run '\(command: .dryRun)' first")
  }

  /// The newest finalized snapshot that is older than this one and of its kind; nil where there is none.
  func previous() throws -> FindingsSnapshot? { try earlier(isFinalized: true).map(FindingsSnapshot.init) }

  /// The newest snapshot of its kind that is older than this one.
  func earlier(isFinalized: Bool) throws -> SnapshotFolder? {
    for id in try SpoolIndex.snapshots(folder.spool).reversed() where id < folder.id {
      let earlier = SnapshotFolder(spool: folder.spool, id: id)
      guard try Self.isFinalized(earlier) == isFinalized,
        try FetchManifest.read(at: earlier.fetchManifest)?.terms.whole == whole
      else { continue }
      return earlier
    }
    return nil
  }

  private static func isFinalized(_ folder: SnapshotFolder) throws -> Bool {
    try SpoolFile.size(folder.transformManifest) != nil
  }
}
