import Support

/// The state and size of a snapshot, for display. Read from files alone, even if some are damaged.
public struct SnapshotStatus: Codable, Sendable, Hashable {
  public enum Stage: String, Codable, Sendable {
    /// fetch has not finished.
    case fetching
    case fetched
    /// Some chunks are validated.
    case transforming
    /// Finalized: load may read it.
    case transformed
  }

  public var snapshot: String
  public var stage: Stage
  /// Chunks that fetch has finished.
  public var chunks: Int
  public var chunksTransformed: Int
  public var records: Int?
  public var totals: Totals?
  public var source: String?
  public var sourceDate: String?
  /// SHA-256 of the validated rows; nil until the snapshot is transformed.
  public var contentSHA256: String?
  public var sample: Bool
  public var limit: Int?
  /// Whether change-feed files are here, which load writes when it publishes the snapshot.
  public var hasFeedFiles = false
  /// Size of all files on disk.
  public var bytes: Int
  /// Why a manifest cannot be read.
  public var problem: String?

  public static func read(_ folder: SnapshotFolder) throws -> SnapshotStatus {
    var status = SnapshotStatus(
      snapshot: folder.id.description, stage: .fetching, chunks: 0, chunksTransformed: 0, sample: false,
      bytes: try Folder.weight(folder.path))
    func isManifest(_ name: String) -> Bool { !name.hasPrefix(".") && name.hasSuffix(".json") }
    do {
      status.chunks = try Folder.names(folder.fetchFolder).count(where: isManifest)
      status.chunksTransformed = try Folder.names(folder.transformFolder).count(where: isManifest)
      status.hasFeedFiles = try !Folder.names(folder.changesFolder).isEmpty
      try status.readState(folder)
    } catch let failure as Failure { status.problem = failure.message }
    return status
  }

  private mutating func readState(_ folder: SnapshotFolder) throws {
    if let download = try DownloadManifest.read(at: folder.downloadManifest) {
      (source, sample, limit) = (download.source.url, download.terms.sample, download.terms.limit)
    }
    guard let fetch = try FetchManifest.read(at: folder.fetchManifest) else { return }
    (stage, records, sourceDate) = (.fetched, fetch.csv.records, fetch.sourceDate)
    if chunksTransformed > 0 { stage = .transforming }
    guard let transform = try TransformManifest.read(at: folder.transformManifest) else { return }
    (stage, totals, contentSHA256) = (.transformed, transform.totals, transform.contentSHA256)
  }
}
