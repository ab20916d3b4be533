import CommandKit
import FetchStage
import Glibc
import Spool
import TestSupport
import TransformStage

let quietLog: EventLog = {
  setenv("LOG_LEVEL", "critical", 1)
  return EventLog(stage: "test", runID: "test")
}()

/// Fetches a file into a spool and transforms it, in this process.
struct Pipeline {
  let scratch = ScratchFolder()
  var spool: String { scratch.path + "/spool" }

  func fetch(_ bytes: [UInt8], chunkSize: Int, force: Bool = false) throws -> SnapshotFolder {
    let path = scratch.write(bytes, to: "source.csv")
    let settings = FetchSettings(
      spool: spool, location: .file(path: path), terms: FetchTerms(chunkSize: chunkSize, limit: nil, sample: false),
      force: force)
    return try Fetcher.run(settings, log: quietLog).folder
  }

  func transform(
    _ folder: SnapshotFolder, jobs: Int = 1, selection: ChunkSelection = .all, force: Bool = false
  ) throws -> Transformer.Outcome {
    try Transformer.run(
      TransformSettings(folder: folder, jobs: jobs, selection: selection, force: force, isDryRun: false), log: quietLog)
  }
}

extension Transformer.Outcome {
  /// The finalized snapshot's manifest; nil while chunks are left.
  var manifest: TransformManifest? {
    switch self {
    case .finalized(let manifest), .alreadyFinalized(let manifest): manifest
    case .chunksLeft: nil
    }
  }
}
