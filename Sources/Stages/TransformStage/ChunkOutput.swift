import Records
import Spool

/// The three output files of a chunk while they are written.
struct ChunkOutput: ~Copyable, ValidationOutput {
  typealias Problem = any Error

  private var registrations: HashedFile
  private var industries: HashedFile
  private var findings: HashedFile

  init(_ folder: SnapshotFolder, chunk: Int) throws {
    let registrations = try HashedFile(folder.registrations(chunk))
    let industries = try HashedFile(folder.industries(chunk))
    let findings = try HashedFile(folder.findings(chunk))
    self.registrations = registrations
    self.industries = industries
    self.findings = findings
  }

  mutating func registrations(_ rows: UnsafeRawBufferPointer) throws { try registrations.append(rows) }
  mutating func industries(_ rows: UnsafeRawBufferPointer) throws { try industries.append(rows) }
  mutating func findings(_ lines: UnsafeRawBufferPointer) throws { try findings.append(lines) }

  /// Flushes the three files and gives them their names. The names are durable after the folder is flushed.
  consuming func seal(_ tally: Tally) throws -> (registrations: FileEntry, industries: FileEntry, findings: FileEntry) {
    (
      try registrations.seal(records: tally.accepted), try industries.seal(records: tally.industries),
      try findings.seal(records: tally.findings)
    )
  }
}
