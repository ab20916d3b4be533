import Failures
import Records
import Spool

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
    self.folder = folder
    guard let fetch = try FetchManifest.read(at: folder.fetchManifest) else {
      throw Failure(
        .notReady, "snapshot \(folder.id) is not fetched: there is no '\(folder.fetchManifest)'",
        hint: "./pipeline.sh fetch")
    }
    guard let transform = try TransformManifest.read(at: folder.transformManifest) else {
      throw Failure(
        .notReady, "snapshot \(folder.id) is not transformed: there is no '\(folder.transformManifest)'",
        hint: "./pipeline.sh transform --snapshot \(folder.id)")
    }
    guard transform.input.sha256 == fetch.csv.sha256 else {
      throw Failure(
        .notReady,
        "snapshot \(folder.id) has to be transformed again: '\(folder.transformManifest)' was made from other bytes",
        hint: "./pipeline.sh transform --snapshot \(folder.id)")
    }
    do throws(HeaderProblem) { header = try Header(names: fetch.columns) } catch {
      throw Failure(.data, "'\(folder.fetchManifest)' is damaged: \(error)", hint: "./pipeline.sh fetch --force")
    }
    whole = fetch.terms.whole
    counts = transform.findingCounts
    records = transform.totals.total
    files = try transform.chunks.enumerated().map { index, entry in
      try Self.file(index + 1, entry, of: folder)
    }
  }

  private static func file(_ chunk: Int, _ entry: ChunkEntry, of folder: SnapshotFolder) throws -> VerifiedFile {
    let path = folder.transformChunkManifest(chunk)
    let redo = "./pipeline.sh transform --snapshot \(folder.id) --chunk \(chunk) --force"
    func damaged(_ why: String) -> Failure { Failure(.data, "'\(path)' is damaged: \(why)", hint: redo) }
    guard let (manifest, sha256) = try TransformChunkManifest.readWithDigest(at: path) else {
      throw damaged("it is missing")
    }
    guard entry.manifest == SnapshotFolder.manifestName(chunk), sha256 == entry.manifestSHA256 else {
      throw damaged("its SHA-256 is not the one that '\(folder.transformManifest)' names")
    }
    guard manifest.chunk == chunk, manifest.findings.name == SnapshotFolder.findingsName(chunk) else {
      throw damaged("it is another chunk's")
    }
    return VerifiedFile(path: folder.findings(chunk), entry: manifest.findings, redo: redo)
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
      .notReady, "'\(spool)' holds no snapshot that is transformed", hint: "run './pipeline.sh dry-run' first")
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
