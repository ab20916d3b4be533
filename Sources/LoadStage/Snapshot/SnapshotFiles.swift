import Spool

extension SettledSnapshot {
  func registrations(of batch: Batch) -> VerifiedFile {
    file(folder.registrations(batch.number), batch.registrations, batch)
  }

  func industries(of batch: Batch) -> VerifiedFile {
    file(folder.industries(batch.number), batch.industries, batch)
  }

  func findings(of batch: Batch) -> VerifiedFile {
    file(folder.findings(batch.number), batch.findings, batch)
  }

  private func file(_ path: String, _ entry: FileEntry, _ batch: Batch) -> VerifiedFile {
    VerifiedFile(
      path: path, entry: entry,
      redo: "./pipeline.sh transform --snapshot \(folder.id) --chunk \(batch.number) --force")
  }
}

extension UInt8 {
  static let lineFeed = UInt8(ascii: "\n")
  static let tab = UInt8(ascii: "\t")
}
