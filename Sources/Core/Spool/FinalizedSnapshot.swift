import Digest
import Support

/// A snapshot that transform has finalized: its manifests, each verified against the one that names it.
public struct FinalizedSnapshot: Sendable {
  public let folder: SnapshotFolder
  public let fetch: FetchManifest
  public let transform: TransformManifest
  public let batches: [Batch]

  public var id: String { folder.id.description }
  public var totals: Totals { transform.totals }
  /// Whether it represents the whole registry: businesses that it lacks are then gone.
  public var whole: Bool { fetch.terms.whole }

  /// - Throws: category `notReady` if transform has not finished, `data` if a file is damaged.
  public init(_ folder: SnapshotFolder) throws {
    self.folder = folder
    guard let fetch = try FetchManifest.read(at: folder.fetchManifest) else {
      throw Failure(
        .notReady, "snapshot \(folder.id) is not fetched: there is no '\(folder.fetchManifest)'",
        hint: "run '\(command: .fetch)' first")
    }
    guard let transform = try TransformManifest.read(at: folder.transformManifest) else {
      throw Failure(
        .notReady, "snapshot \(folder.id) is not transformed: there is no '\(folder.transformManifest)'",
        hint: "run '\(command: .transform, snapshot: folder.id)' first")
    }
    guard transform.input.sha256 == fetch.csv.sha256, transform.chunks.count == fetch.chunks.count else {
      throw Self.stale(folder, "'\(folder.transformManifest)' was made from other bytes")
    }
    batches = try transform.chunks.enumerated().map { index, entry in
      let batch = try Batch(index + 1, entry, folder: folder, rulesVersion: transform.rulesVersion)
      guard batch.inputManifestSHA256 == fetch.chunks[index].manifestSHA256 else {
        throw Self.stale(folder, "chunk \(index + 1) was validated from other bytes")
      }
      return batch
    }
    var totals = Totals()
    for batch in batches { totals += batch.totals }
    guard totals == transform.totals, totals.agree,
      transform.industries == batches.reduce(0, { $0 + $1.industries.records })
    else {
      throw Failure(
        .data, "'\(folder.transformManifest)' is damaged: its totals differ from the totals of its chunks",
        hint: "redo it: \(command: .transform, snapshot: folder.id, "--force")")
    }
    self.fetch = fetch
    self.transform = transform
  }

  private static func stale(_ folder: SnapshotFolder, _ why: String) -> Failure {
    Failure(
      .notReady, "snapshot \(folder.id) has to be transformed again: \(why)",
      hint: "run '\(command: .transform, snapshot: folder.id)' first")
  }
}

/// The files, each verified while it is read.
extension FinalizedSnapshot {
  public func registrations(of batch: Batch) -> VerifiedFile {
    file(folder.registrations(batch.number), batch.registrations, batch)
  }

  public func industries(of batch: Batch) -> VerifiedFile {
    file(folder.industries(batch.number), batch.industries, batch)
  }

  public func findings(of batch: Batch) -> VerifiedFile {
    file(folder.findings(batch.number), batch.findings, batch)
  }

  private func file(_ path: String, _ entry: FileEntry, _ batch: Batch) -> VerifiedFile {
    VerifiedFile(
      path: path, entry: entry,
      redo: "\(command: .transform, snapshot: folder.id, chunk: batch.number, "--force")")
  }
}
