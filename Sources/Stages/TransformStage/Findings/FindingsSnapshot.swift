import CommandKit
import Records
import Spool
import Support

/// The findings files of a finalized snapshot. Each is checked against its manifest while it is read.
struct FindingsSnapshot {
  let folder: SnapshotFolder
  /// The header of the source.
  let header: Header
  /// Whether the snapshot covers the whole registry. It is compared only with snapshots of the same kind.
  let whole: Bool
  /// Number of findings by code.
  let counts: [String: Int]
  let records: Int
  let files: [VerifiedFile]

  /// - Throws: category `notReady` if transform has not finished, `data` if a file is damaged.
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
  /// Returns the newest finalized snapshot.
  ///
  /// - Throws: category `notReady` if there is none.
  static func newest(_ spool: String) throws -> SnapshotFolder {
    for id in try SpoolIndex.snapshots(spool).reversed() {
      let folder = SnapshotFolder(spool: spool, id: id)
      if try isFinalized(folder) { return folder }
    }
    throw Failure(
      .notReady, "there is no transformed snapshot in '\(spool)'", hint: "run '\(command: .dryRun)' first")
  }

  /// Returns the newest finalized snapshot that is older than this one and of its kind; nil if there is none.
  func previous() throws -> FindingsSnapshot? { try earlier(isFinalized: true).map(FindingsSnapshot.init) }

  /// Returns the newest older snapshot of the same kind that is, or is not, finalized; nil if there is none.
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
