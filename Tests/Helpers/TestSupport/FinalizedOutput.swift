import ReferenceImplementation
import Spool

extension ObservedOutput {
  /// Reads the files of a finalized snapshot.
  public init(_ folder: SnapshotFolder, _ manifest: TransformManifest) throws {
    self.init()
    for chunk in 1...manifest.chunks.count {
      try append(registrations: ScratchFolder.read(folder.registrations(chunk)) ?? [])
      try append(industries: ScratchFolder.read(folder.industries(chunk)) ?? [])
      try append(findings: ScratchFolder.read(folder.findings(chunk)) ?? [])
    }
    let sums = manifest.totals
    totals = ReferenceTotals(
      total: sums.total, processed: sums.processed, failed: sums.failed, duplicated: sums.duplicated, blank: sums.blank)
  }
}
