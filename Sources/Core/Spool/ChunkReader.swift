import Digest
import Support
import Zstd

/// Reads chunk files, and verifies them against their manifests.
public struct ChunkReader: ~Copyable {
  private var decompressor: Decompressor
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  public init() throws {
    do { decompressor = try Decompressor() } catch { throw Failure(.temporary, "unable to decompress: \(error)") }
  }

  deinit { memory.deallocate() }

  /// Passes the chunk's uncompressed bytes to `body`; they are valid only during the call.
  ///
  /// - Throws: a ``Failure`` with category `data` if the file differs from its manifest in name, size or digest.
  public mutating func read<Result>(
    _ manifest: FetchChunkManifest, in folder: SnapshotFolder, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let path = folder.csv(manifest.chunk)
    func damaged(_ why: String) -> Failure {
      Failure(
        .data, "'\(path)' is damaged: \(why)",
        hint: .fetchAgain)
    }
    let csv = manifest.csv
    guard csv.name == SnapshotFolder.csvName(manifest.chunk) else {
      throw Failure(
        .data, "'\(folder.fetchChunkManifest(manifest.chunk))' is damaged: it does not name its own chunk's file",
        hint: .fetchAgain)
    }
    guard (0...ChunkBounds.bytesMax + ChunkBounds.headerBytesMax).contains(csv.bytes) else {
      throw damaged("its manifest has the impossible size \(csv.bytes)")
    }
    // Incompressible data grows by less than this.
    guard let compressed = try SpoolFile.read(path, bytesMax: csv.bytes + csv.bytes / 128 + 1024) else {
      throw damaged("it is missing")
    }
    guard compressed.count == csv.compressedBytes else {
      throw damaged("it has \(compressed.count) bytes where its manifest says \(csv.compressedBytes ?? 0)")
    }
    if memory.count < csv.bytes {
      memory.deallocate()
      memory = .allocate(byteCount: csv.bytes, alignment: 64)
    }
    let target = UnsafeMutableRawBufferPointer(rebasing: memory[..<csv.bytes])
    do {
      let count = try compressed.withUnsafeBytes { try decompressor.decompress($0, into: target) }
      guard count == csv.bytes else { throw damaged("it holds \(count) bytes where its manifest says \(csv.bytes)") }
    } catch let error as ZstdError {
      throw damaged(error.description)
    }
    let bytes = UnsafeRawBufferPointer(target)
    guard SHA256.of(bytes) == csv.sha256 else { throw damaged("its bytes have another SHA-256 than its manifest says") }
    return try body(bytes)
  }
}
