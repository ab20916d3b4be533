import Spool

/// What is known of one chunk's output, told from files alone.
struct ChunkFacts: Equatable {
  /// The digest of the chunk's manifest as fetch wrote it.
  var inputManifestSHA256: String
  /// The digest of all chunks before it; see ``TransformChunkManifest/settledAgainst``.
  var earlierSHA256: String
  var rulesVersion: Int
  /// Nil where there is none.
  var manifest: TransformChunkManifest?
  /// Sizes of the files that the manifest names, as they are on disk.
  var sizes: [String: Int] = [:]
}

/// What to do about one chunk.
enum ChunkState: Equatable {
  case missing
  /// Done from other bytes or by older rules.
  case stale(String)
  /// A file differs from the manifest that describes it.
  case damaged(file: String, why: String)
  case done

  static func of(_ facts: ChunkFacts) -> ChunkState {
    guard let manifest = facts.manifest else { return .missing }
    if manifest.inputManifestSHA256 != facts.inputManifestSHA256 { return .stale("its input is another now") }
    if manifest.rulesVersion < facts.rulesVersion {
      return .stale("it was judged by rules \(manifest.rulesVersion), and these are \(facts.rulesVersion)")
    }
    if manifest.cities == nil { return .stale("its businesses were not counted by city") }
    if let against = manifest.settledAgainst, against != facts.earlierSHA256 {
      return .stale("it was settled against other chunks")
    }
    let chunk = manifest.chunk
    let names = [
      SnapshotFolder.registrationsName(chunk), SnapshotFolder.industriesName(chunk), SnapshotFolder.findingsName(chunk),
    ]
    let entries = [manifest.registrations, manifest.industries, manifest.findings]
    for (name, entry) in zip(names, entries) {
      if entry.name != name {
        return .damaged(file: SnapshotFolder.manifestName(chunk), why: "it names '\(entry.name)'")
      }
      guard let size = facts.sizes[name] else { return .damaged(file: name, why: "it is missing") }
      if size != entry.bytes {
        return .damaged(file: name, why: "it has \(size) bytes where its manifest says \(entry.bytes)")
      }
    }
    if !manifest.totals.agree || manifest.totals.total != manifest.input.records {
      return .damaged(file: SnapshotFolder.manifestName(chunk), why: "its sums do not agree")
    }
    return .done
  }
}
