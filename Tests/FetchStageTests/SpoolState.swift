import FetchStage
import LoopbackServer
import Spool
import Support
import TestSupport
import Testing

/// Checks of what a failed fetch leaves behind.
extension WebFixture {
  /// Checks that every finished chunk equals its part of a version of the source, and that a snapshot is only marked
  /// complete if it is.
  ///
  /// - Parameter mixed: whether versions cannot be told apart, so that an incomplete snapshot may have chunks of
  ///   several; otherwise all chunks of a snapshot are of one version.
  /// - Returns: the number of finished chunks in incomplete snapshots.
  @discardableResult
  func expectWholeChunks(
    of versions: [[UInt8]], mixed: Bool = false, _ what: String,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws -> Int {
    var count = 0
    var reader = try ChunkReader()
    for id in try SpoolIndex.snapshots(spool) {
      let folder = SnapshotFolder(spool: spool, id: id)
      if try FetchManifest.read(at: folder.fetchManifest) != nil {
        let whole = try content(folder)
        #expect(versions.contains(whole), "\(what): \(id) is no version", sourceLocation: sourceLocation)
        continue
      }
      var candidates = versions
      var names: Set<String> = []
      for number in 1... {
        guard let chunk = try FetchChunkManifest.read(at: folder.fetchChunkManifest(number)) else { break }
        var bytes: [UInt8] = []
        try reader.read(chunk, in: folder) { bytes += $0 }
        let matching = candidates.filter { $0.dropFirst(chunk.byteOffset).starts(with: bytes) }
        #expect(!matching.isEmpty, "\(what): chunk \(number) of \(id)", sourceLocation: sourceLocation)
        if !mixed { candidates = matching }
        names.formUnion([SnapshotFolder.csvName(number), SnapshotFolder.manifestName(number)])
        count += 1
      }
      // A chunk file without its manifest is allowed: it is not finished.
      let extra = Set(try Folder.names(folder.fetchFolder)).subtracting(names)
      let unexplained = extra.filter { $0.hasSuffix(".json") || $0.hasSuffix(".tmp") }
      #expect(mixed || unexplained.isEmpty, "\(what): \(unexplained)", sourceLocation: sourceLocation)
    }
    return count
  }

  /// Checks that the same command succeeds once the server has recovered.
  func expectRecovery(_ what: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
    script.update { ($0.plan, $0.otherwise, $0.replacements) = ([], .whole, [:]) }
    let folder = try fetch().expectFetched()
    let fetched = try content(folder)
    let current = current
    #expect(fetched == current, "\(what): not what the server has", sourceLocation: sourceLocation)
  }

  /// The server's current file.
  private var current: [UInt8] {
    var bytes: [UInt8] = []
    script.update { bytes = $0.file.content.bytes }
    return bytes
  }
}

/// How a fetch ended.
enum End {
  case fetched(SnapshotFolder)
  case unchanged
  case failed(Failure)

  init(_ body: () throws -> FetchOutcome) {
    do {
      switch try body() {
      case .fetched(let folder, _): self = .fetched(folder)
      case .unchanged: self = .unchanged
      }
    } catch { self = .failed(error as? Failure ?? Failure(.bug, "unexpected: \(error)")) }
  }

  var failure: Failure? { if case .failed(let failure) = self { failure } else { nil } }
  var folder: SnapshotFolder? { if case .fetched(let folder) = self { folder } else { nil } }
}
