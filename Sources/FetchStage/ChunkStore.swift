import Spool

/// Where finished chunks go. Several chunks may be under way at once, each in a thread of its own.
package protocol ChunkStore: Sendable {
  /// Called once, before the first chunk: the source has an acceptable header.
  func open() throws
  func path(ofChunk number: Int) -> String
  /// - Returns: whether the chunk's file is to be written: not where the very same is there.
  func prepare(_ manifest: FetchChunkManifest) throws -> Bool
  /// Publishes the chunk's manifest; called for one chunk after another, in their order.
  ///
  /// - Returns: the digest of its bytes.
  func publish(_ manifest: FetchChunkManifest) throws -> String
}
