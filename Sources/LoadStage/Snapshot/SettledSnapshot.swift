import Digest
import Failures
import Records
import Spool

/// A snapshot that transform has settled: its manifests, each checked against the one that names it.
struct SettledSnapshot: Sendable {
  let folder: SnapshotFolder
  let fetch: FetchManifest
  let transform: TransformManifest
  let batches: [Batch]
  let header: Header

  var id: String { folder.id.description }
  var totals: Totals { transform.totals }
  /// Whether it stands for the whole registry: then what it lacks is gone.
  var whole: Bool { fetch.terms.whole }

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
    guard transform.input.sha256 == fetch.csv.sha256, transform.chunks.count == fetch.chunks.count else {
      throw Self.stale(folder, "'\(folder.transformManifest)' was made from other bytes")
    }
    batches = try transform.chunks.enumerated().map { index, entry in
      let batch = try Batch(index + 1, entry, folder: folder, rulesVersion: transform.rulesVersion)
      guard batch.inputManifestSHA256 == fetch.chunks[index].manifestSHA256 else {
        throw Self.stale(folder, "chunk \(index + 1) was judged from other bytes")
      }
      return batch
    }
    var totals = Totals()
    for batch in batches { totals += batch.totals }
    guard totals == transform.totals, totals.agree,
      transform.industries == batches.reduce(0, { $0 + $1.industries.records })
    else {
      throw Failure(
        .data, "'\(folder.transformManifest)' is damaged: its sums are not those of its chunks",
        hint: "./pipeline.sh transform --snapshot \(folder.id) --force")
    }
    do throws(HeaderProblem) { header = try Header(names: fetch.columns) } catch {
      throw Failure(.data, "'\(folder.fetchManifest)' is damaged: \(error)", hint: "./pipeline.sh fetch --force")
    }
    self.fetch = fetch
    self.transform = transform
  }

  private static func stale(_ folder: SnapshotFolder, _ why: String) -> Failure {
    Failure(
      .notReady, "snapshot \(folder.id) has to be transformed again: \(why)",
      hint: "./pipeline.sh transform --snapshot \(folder.id)")
  }
}

/// A chunk as load takes it: batch n is chunk n.
struct Batch: Sendable {
  let number: Int
  let registrations: FileEntry
  let industries: FileEntry
  let findings: FileEntry
  let totals: Totals
  let inputManifestSHA256: String
  /// Over the digests of the files that go into the registry: by it the ledger knows the batch.
  let contentSHA256: String

  init(_ number: Int, _ entry: ChunkEntry, folder: SnapshotFolder, rulesVersion: Int) throws {
    let path = folder.transformChunkManifest(number)
    let redo = "./pipeline.sh transform --snapshot \(folder.id) --chunk \(number) --force"
    func damaged(_ why: String) -> Failure { Failure(.data, "'\(path)' is damaged: \(why)", hint: redo) }

    guard let (manifest, sha256) = try TransformChunkManifest.readWithDigest(at: path) else {
      throw damaged("it is missing")
    }
    guard entry.manifest == SnapshotFolder.manifestName(number), sha256 == entry.manifestSHA256 else {
      throw damaged("its SHA-256 is not the one that '\(folder.transformManifest)' names")
    }
    guard manifest.chunk == number, manifest.rulesVersion == rulesVersion else {
      throw damaged("it is another chunk's, or judged by other rules than the snapshot")
    }
    // Names in a manifest are only compared: what is read are the paths that we make ourselves.
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
