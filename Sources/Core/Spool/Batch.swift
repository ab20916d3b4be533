import Digest
import Support

/// A finalized chunk. The database calls chunks batches: batch n is chunk n.
public struct Batch: Sendable {
  public let number: Int
  public let registrations: FileEntry
  public let industries: FileEntry
  public let findings: FileEntry
  public let totals: Totals
  public let inputManifestSHA256: String
  /// SHA-256 over the digests of the files that go into the registry. It identifies the batch in load_batch.
  public let contentSHA256: String

  init(_ number: Int, _ entry: ChunkEntry, folder: SnapshotFolder, rulesVersion: Int) throws {
    let path = folder.transformChunkManifest(number)
    let redo: Hint = "\(command: .transform, snapshot: folder.id, chunk: number, "--force")"
    func damaged(_ why: String) -> Failure { Failure(.data, "'\(path)' is damaged: \(why)", hint: redo) }

    guard let (manifest, sha256) = try TransformChunkManifest.readWithDigest(at: path) else {
      throw damaged("it is missing")
    }
    guard entry.manifest == SnapshotFolder.manifestName(number), sha256 == entry.manifestSHA256 else {
      throw damaged("its SHA-256 is not the one that '\(folder.transformManifest)' names")
    }
    guard manifest.chunk == number, manifest.rulesVersion == rulesVersion else {
      throw damaged("it is of another chunk, or of another rules version than the snapshot")
    }
    // Names in a manifest are only compared. Files are read from paths that this program builds.
    guard manifest.registrations.name == SnapshotFolder.registrationsName(number),
      manifest.industries.name == SnapshotFolder.industriesName(number),
      manifest.findings.name == SnapshotFolder.findingsName(number)
    else { throw damaged("it names files that are not the chunk's") }
    guard manifest.totals.agree, manifest.registrations.records == manifest.totals.processed else {
      throw damaged("its sums do not agree")
    }
    self.number = number
    registrations = manifest.registrations
    industries = manifest.industries
    findings = manifest.findings
    totals = manifest.totals
    inputManifestSHA256 = manifest.inputManifestSHA256
    contentSHA256 = SHA256.of(Array((registrations.sha256 + industries.sha256).utf8))
  }
}
