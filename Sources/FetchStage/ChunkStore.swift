import Spool

/// Where finished chunks go. All is asked in the chunks' order, but the path, by threads of their own.
package protocol ChunkStore: Sendable {
  /// Called once, before the first chunk: the source has an acceptable header.
  func open() throws
  func path(ofChunk number: Int) -> String
  /// - Returns: whether the chunk's file is to be written: not where the very same is there.
  func prepare(_ manifest: FetchChunkManifest) throws -> Bool
  /// Publishes the chunk's manifest.
  ///
  /// - Returns: the digest of its bytes.
  func publish(_ manifest: FetchChunkManifest) throws -> String
}
