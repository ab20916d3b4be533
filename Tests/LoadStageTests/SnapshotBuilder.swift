import Digest
import Foundation
import Records
import Spool
import Support

/// Returns `count` businesses with consecutive BANs from `first`.
func businesses(_ count: Int, from first: Int = 10_000_000) -> [Business] {
  (0..<count).map { Business(String(first + $0), "第\($0)商店") }
}

/// A spool in a temporary folder with finalized snapshots in it.
struct TestSpool {
  let path: String

  static func with<Result>(_ body: (TestSpool) throws -> Result) throws -> Result {
    let path = NSTemporaryDirectory() + "/regspool." + UUID().uuidString
    try Folder.make(path)
    defer { try? Folder.remove(path) }
    return try body(TestSpool(path: path))
  }

  struct Options {
    var sourceDate: String? = "2026-09-01"
    var sample = false
    var limit: Int?
    var chunkSize = 10
    var rulesVersion = 1
    /// Chunk → findings lines.
    var findings: [Int: [String]] = [:]
    var notes = Notes()
    /// Rejected and duplicate records besides the rows, counted in the first chunk.
    var failed = 0
    var duplicated = 0
    /// Findings by code of the whole snapshot.
    var findingCounts: [String: Int] = [:]
  }

  /// The columns of the published source.
  static let columns = Column.allCases.map(\.name)

  private func cities(_ rows: [Business]) -> [String: Int] {
    rows.reduce(into: [:]) { cities, row in
      if let address = row.address, let mark = address.dropFirst(2).first, "市縣".contains(mark) {
        let city = address.prefix(3)
        cities[city.hasPrefix("台") ? "臺" + city.dropFirst() : String(city), default: 0] += 1
      }
    }
  }

  /// Writes a finalized snapshot: the rows in chunks, the files and the manifests.
  @discardableResult
  func snapshot(_ rows: [Business], _ options: Options = Options()) throws -> SnapshotFolder {
    let newest = try Folder.names(path).last.flatMap { SnapshotID($0) }
    let folder = SnapshotFolder(spool: path, id: .next(after: newest))
    for folder in [folder.path, folder.fetchFolder, folder.transformFolder] { try Folder.make(folder) }
    var fetched: [ChunkEntry] = []
    var finalized: [ChunkEntry] = []
    var totals = Totals()
    var industries = 0
    var digests = SHA256()
    let chunks = stride(from: 0, to: max(1, rows.count), by: options.chunkSize).map {
      Array(rows[$0..<min(rows.count, $0 + options.chunkSize)])
    }
    for (index, chunk) in chunks.enumerated() {
      let number = index + 1
      let input = FileEntry(
        name: SnapshotFolder.csvName(number), bytes: 1, sha256: SHA256.of(Array("\(folder.id)\(number)".utf8)),
        records: chunk.count)
      let entry = ChunkEntry(
        manifest: SnapshotFolder.manifestName(number), manifestSHA256: input.sha256, records: chunk.count)
      fetched.append(entry)
      let findings = options.findings[number] ?? []
      let (failed, duplicated) = number == 1 ? (options.failed, options.duplicated) : (0, 0)
      let chunkTotals = Totals(
        total: chunk.count + failed + duplicated, processed: chunk.count, failed: failed, duplicated: duplicated,
        blank: 0)
      let registrations = try write(folder.registrations(number), chunk.map(\.row).joined(), chunk.count)
      let industryCount = chunk.reduce(0) { $0 + $1.slots.count }
      let industryFile = try write(folder.industries(number), chunk.map(\.industryRows).joined(), industryCount)
      let manifest = TransformChunkManifest(
        rulesVersion: options.rulesVersion, chunk: number, inputManifestSHA256: input.sha256, input: input,
        registrations: registrations, industries: industryFile,
        findings: try write(folder.findings(number), findings.map { $0 + "\n" }.joined(), findings.count),
        totals: chunkTotals, findingCounts: [:], notes: Notes(), cities: cities(chunk),
        settledAgainst: nil)
      let sha256 = try manifest.publish(at: folder.transformChunkManifest(number))
      finalized.append(
        ChunkEntry(manifest: SnapshotFolder.manifestName(number), manifestSHA256: sha256, records: chunk.count))
      totals += chunkTotals
      industries += industryCount
      digests.update(registrations.sha256 + industryFile.sha256)
    }
    let csv = FileEntry(
      name: "fetch/*.csv.zst", bytes: 1, sha256: SHA256.of(Array(folder.path.utf8)), records: rows.count)
    try FetchManifest(
      rulesVersion: options.rulesVersion, source: Source(url: "https://example.org/data.csv", urlSHA256: "x"),
      terms: FetchTerms(chunkSize: options.chunkSize, limit: options.limit, sample: options.sample),
      startedAt: "2026-09-01T21:15:00Z", completedAt: "2026-09-01T21:16:00Z", csv: csv, columns: Self.columns,
      sourceDate: options.sourceDate, chunks: fetched
    ).publish(at: folder.fetchManifest)
    try TransformManifest(
      rulesVersion: options.rulesVersion, input: csv, sourceDate: options.sourceDate, totals: totals,
      findingCounts: options.findingCounts,
      notes: options.notes, cities: cities(rows), industries: industries, contentSHA256: digests.finish(),
      chunks: finalized
    ).publish(at: folder.transformManifest)
    return folder
  }

  private func write(_ path: String, _ text: String, _ records: Int) throws -> FileEntry {
    var file = try HashedFile(path)
    try Array(text.utf8).withUnsafeBytes { try file.append($0) }
    return try file.seal(records: records)
  }
}
