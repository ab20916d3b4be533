import Digest
import Records
import Spool
import Support

/// A fetched snapshot and the chunks that fetch has written.
package struct SnapshotPlan: Sendable {
  package struct Chunk: Sendable {
    package let manifest: FetchChunkManifest
    let manifestSHA256: String
    /// SHA-256 over the digests of all earlier chunks.
    let earlierSHA256: String
  }

  let folder: SnapshotFolder
  let fetch: FetchManifest
  let header: Header
  package let chunks: [Chunk]
  /// The manifests of the validated chunks.
  let validated: ChunkManifests

  /// - Throws: category `notReady` if fetch has not finished, `data` if its files are damaged.
  package init(_ folder: SnapshotFolder) throws {
    guard let fetch = try FetchManifest.read(at: folder.fetchManifest) else {
      throw Failure(
        .notReady, "the download of snapshot \(folder.id) is not finished: there is no '\(folder.fetchManifest)'",
        hint: "run '\(command: .fetch)' first")
    }
    self.folder = folder
    self.fetch = fetch
    do throws(HeaderProblem) { header = try Header(names: fetch.columns) } catch {
      throw Failure(
        .data, "snapshot \(folder.id) is refused: \(error)", hint: "check the source; the registry stays as it is")
    }
    var chunks: [Chunk] = []
    var earlier = SHA256()
    var records = 0
    for (index, entry) in fetch.chunks.enumerated() {
      let path = folder.fetchChunkManifest(index + 1)
      func damaged(_ why: String) -> Failure {
        Failure(.data, "'\(path)' is damaged: \(why)", hint: .fetchAgain)
      }
      guard let (manifest, sha256) = try FetchChunkManifest.readWithDigest(at: path) else {
        throw damaged("it is missing")
      }
      guard sha256 == entry.manifestSHA256 else { throw damaged("its SHA-256 is not the one that fetch.json names") }
      guard manifest.chunk == index + 1, manifest.columns == fetch.columns, manifest.firstRecord == records + 1,
        manifest.headerBytes <= manifest.csv.bytes
      else { throw damaged("it does not follow the chunk before") }
      // Checking the size is cheap and finds a missing file before a worker needs it.
      guard try SpoolFile.size(folder.csv(index + 1)) == manifest.csv.compressedBytes else {
        throw Failure(
          .data, "'\(folder.csv(index + 1))' is missing, or its size differs from its manifest",
          hint: .fetchAgain)
      }
      var soFar = earlier.copy()
      chunks.append(Chunk(manifest: manifest, manifestSHA256: sha256, earlierSHA256: soFar.finish()))
      earlier.update(manifest.csv.sha256)
      records += manifest.csv.records
    }
    guard records == fetch.csv.records else {
      throw Failure(
        .data,
        "'\(folder.fetchManifest)' is damaged: it lists \(fetch.csv.records) records, but its chunks have \(records)",
        hint: .fetchAgain)
    }
    self.chunks = chunks
    validated = ChunkManifests(folder)
  }

  /// The state of a chunk's output.
  enum ChunkState: Equatable {
    case missing
    /// Validated from other bytes or by older rules; the value says which, for the log.
    case stale(String)
    case done
  }

  /// - Throws: category `data` if the chunk's output is damaged, or was made by rules that this version does not know.
  func state(_ chunk: Chunk) throws -> ChunkState {
    let number = chunk.manifest.chunk
    guard let known = try validated.current(number) else { return .missing }
    let manifest = known.manifest
    guard manifest.rulesVersion <= rulesVersion else {
      throw Failure(
        .data,
        "chunk \(number) was validated with rules version \(manifest.rulesVersion); this program supports versions up to \(rulesVersion)",
        hint:
          "use the newer program again, or validate the snapshot with this one: \(command: .transform, snapshot: folder.id, "--force")"
      )
    }
    if manifest.inputManifestSHA256 != chunk.manifestSHA256 { return .stale("its input has changed") }
    if manifest.rulesVersion < rulesVersion {
      return .stale("it was validated by rules \(manifest.rulesVersion), and the current ones are \(rulesVersion)")
    }
    if manifest.cities == nil { return .stale("its businesses were not counted by city") }
    if let against = manifest.settledAgainst, against != chunk.earlierSHA256 {
      return .stale("it was finalized against other chunks")
    }
    guard let (file, why) = try damage(of: number, manifest) else { return .done }
    // Another process may have begun to replace the files: it removes their manifest first.
    guard try validated.current(number)?.file == known.file else { return try state(chunk) }
    throw damaged(file, why, chunk: number)
  }

  /// Returns the first file whose name or size differs from its manifest, and the difference; nil if there is none.
  private func damage(
    of chunk: Int, _ manifest: TransformChunkManifest
  ) throws -> (file: String, why: String)? {
    let manifestName = SnapshotFolder.manifestName(chunk)
    guard manifest.chunk == chunk else { return (manifestName, "it belongs to another chunk") }
    let files = [
      (folder.registrations(chunk), manifest.registrations), (folder.industries(chunk), manifest.industries),
      (folder.findings(chunk), manifest.findings),
    ]
    for (path, entry) in files {
      let name = Folder.name(of: path)
      if entry.name != name { return (manifestName, "it names '\(entry.name)'") }
      guard let size = try SpoolFile.size(path) else { return (name, "it is missing") }
      if size != entry.bytes { return (name, "it has \(size) bytes where its manifest says \(entry.bytes)") }
    }
    guard manifest.totals.agree, manifest.totals.total == manifest.input.records else {
      return (manifestName, "its sums do not agree")
    }
    return nil
  }

  func damaged(_ file: String, _ why: String, chunk: Int) -> Failure {
    Failure(
      .data, "'\(folder.transformFolder)/\(file)' is damaged: \(why)",
      hint: "redo it: \(command: .transform, snapshot: folder.id, chunk: chunk, "--force")")
  }
}
