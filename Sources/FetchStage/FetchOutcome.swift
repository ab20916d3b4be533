import Spool

/// What fetch did.
public enum FetchOutcome: Sendable {
  /// A snapshot is whole.
  case fetched(SnapshotFolder, FetchManifest)
  /// The source is what the spool has already.
  case unchanged(SnapshotFolder, FetchManifest)

  public var folder: SnapshotFolder {
    switch self {
    case .fetched(let folder, _), .unchanged(let folder, _): folder
    }
  }

  public var manifest: FetchManifest {
    switch self {
    case .fetched(_, let manifest), .unchanged(_, let manifest): manifest
    }
  }
}
