import Spool
import Support

/// The task of transform.
public struct TransformSettings: Sendable {
  public var folder: SnapshotFolder
  /// Number of chunks to validate at once.
  public var jobs: Int
  public var selection: ChunkSelection
  /// Whether to validate chunks again that are done.
  public var force: Bool
  /// Whether to verify the source's chunks too, not only the output, if the snapshot is already finalized.
  public var verifiesSource = false
  /// Whether to log, for each chunk, how many records would be loaded.
  public var isDryRun: Bool

  public init(folder: SnapshotFolder, jobs: Int, selection: ChunkSelection, force: Bool, isDryRun: Bool) {
    self.folder = folder
    self.jobs = jobs
    self.selection = selection
    self.force = force
    self.isDryRun = isDryRun
  }
}

/// The chunks that this process validates; other processes may validate the rest at the same time.
public enum ChunkSelection: Sendable, Equatable {
  case all
  case one(Int)
  /// Every `of`th chunk, beginning with `index` (1 … `of`).
  case shard(index: Int, of: Int)

  public init(chunk: String?, shard: String?) throws(Failure) {
    switch (chunk, shard) {
    case (nil, nil): self = .all
    case (let text?, nil):
      guard let number = Int(text), number >= 1 else {
        throw Failure(.usage, "--chunk '\(text)' is not a chunk number", hint: "chunks are numbered from 1")
      }
      self = .one(number)
    case (nil, let text?):
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count == 2, let index = parts[0], let count = parts[1], count >= 1, (1...count).contains(index) else {
        throw Failure(.usage, "--shard '\(text)' is not I/N with I from 1 to N", hint: "for instance --shard 2/3")
      }
      self = .shard(index: index, of: count)
    case (.some, .some): throw Failure(.usage, "--chunk and --shard exclude each other", hint: "give one of them")
    }
  }

  func contains(_ chunk: Int) -> Bool {
    switch self {
    case .all: true
    case .one(let number): chunk == number
    case .shard(let index, let count): chunk % count == index % count
    }
  }
}
