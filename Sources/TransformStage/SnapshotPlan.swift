import Digest
import Failures
import Records
import Spool

/// A fetched snapshot: its chunks as fetch left them.
struct SnapshotPlan: Sendable {
  struct Chunk: Sendable {
    let manifest: FetchChunkManifest
    let manifestSHA256: String
    /// Over the digests of all chunks before it.
    let earlierSHA256: String
  }

  let folder: SnapshotFolder
  let fetch: FetchManifest
  let header: Header
  let chunks: [Chunk]

  /// - Throws: verdict `notReady` where fetch has not finished, `data` where what it left is damaged.
  init(_ folder: SnapshotFolder) throws {
    guard let fetch = try FetchManifest.read(at: folder.fetchManifest) else {
      throw Failure(
        .notReady, "snapshot \(folder.id) is not fetched to its end: there is no '\(folder.fetchManifest)'",
        hint: "run '\(command: .fetch)' first")
    }
    self.folder = folder
    self.fetch = fetch
    do throws(HeaderProblem) { header = try Header(names: fetch.columns) } catch {
      throw Failure(
        .data, "snapshot \(folder.id) is refused: \(error)", hint: "look at the source; the registry stays as it is")
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
      // Looking at its size costs nothing, and tells of a source that is gone before anybody needs it.
      guard try SpoolFile.size(folder.csv(index + 1)) == manifest.csv.compressedBytes else {
        throw Failure(
          .data, "'\(folder.csv(index + 1))' is damaged: it is missing or has another size than its manifest says",
          hint: .fetchAgain)
      }
      var soFar = earlier.copy()
      chunks.append(Chunk(manifest: manifest, manifestSHA256: sha256, earlierSHA256: soFar.finish()))
      earlier.update(manifest.csv.sha256)
      records += manifest.csv.records
    }
    guard records == fetch.csv.records else {
      throw Failure(
        .data, "'\(folder.fetchManifest)' is damaged: its chunks hold \(records) records, not \(fetch.csv.records)",
        hint: .fetchAgain)
    }
    self.chunks = chunks
  }

  func facts(_ chunk: Chunk) throws -> ChunkFacts {
    let number = chunk.manifest.chunk
    var facts = ChunkFacts(
      inputManifestSHA256: chunk.manifestSHA256, earlierSHA256: chunk.earlierSHA256, rulesVersion: rulesVersion,
      manifest: try TransformChunkManifest.read(at: folder.transformChunkManifest(number)))
    for path in [folder.registrations(number), folder.industries(number), folder.findings(number)] {
      facts.sizes[Folder.name(of: path)] = try SpoolFile.size(path)
    }
    return facts
  }

  /// - Throws: verdict `data` where the chunk's output is damaged.
  func state(_ chunk: Chunk) throws -> ChunkState {
    let facts = try facts(chunk)
    if let made = facts.manifest?.rulesVersion, made > rulesVersion {
      throw Failure(
        .data, "chunk \(chunk.manifest.chunk) was judged by rules \(made), and this version knows \(rulesVersion)",
        hint: "use the version that wrote it, or redo it: \(command: .transform, snapshot: folder.id, "--force")")
    }
    let state = ChunkState.of(facts)
    guard case .damaged(let file, let why) = state else { return state }
    // Another process may have begun to replace the files meanwhile: it takes their manifest away first.
    guard try TransformChunkManifest.read(at: folder.transformChunkManifest(chunk.manifest.chunk)) == facts.manifest
    else { return try self.state(chunk) }
    throw damaged(file, why, chunk: chunk.manifest.chunk)
  }

  func damaged(_ file: String, _ why: String, chunk: Int) -> Failure {
    Failure(
      .data, "'\(folder.transformFolder)/\(file)' is damaged: \(why)",
      hint: "redo it: \(command: .transform, snapshot: folder.id, chunk: chunk, "--force")")
  }
}
