/// Counts of records by result: every record is accepted, rejected, duplicate or blank.
public struct Totals: Codable, Sendable, Hashable {
  /// All records, without header and stamp row.
  public var total = 0
  /// Accepted by the rules.
  public var processed = 0
  /// Rejected, without duplicates.
  public var failed = 0
  public var duplicated = 0
  public var blank = 0

  public init() {}

  public init(total: Int, processed: Int, failed: Int, duplicated: Int, blank: Int) {
    self.total = total
    self.processed = processed
    self.failed = failed
    self.duplicated = duplicated
    self.blank = blank
  }

  /// Whether the counts add up to the total, and none is negative.
  public var agree: Bool {
    total == processed + failed + duplicated + blank && [processed, failed, duplicated, blank].min() ?? 0 >= 0
  }

  public static func += (a: inout Totals, b: Totals) {
    a.total += b.total
    a.processed += b.processed
    a.failed += b.failed
    a.duplicated += b.duplicated
    a.blank += b.blank
  }
}

/// Facts about a snapshot that are not findings.
public struct Notes: Codable, Sendable, Hashable {
  /// Known columns that the header lacks; their values are missing.
  public var missingColumns: [String] = []
  /// Unknown columns; they are ignored.
  public var unknownColumns: [String] = []
  /// Industry codes that were repeated in a record; the first slot is kept.
  public var repeatedIndustryCodes = 0
  /// Industry names whose slot has no code; they are dropped.
  public var industryNamesWithoutCode = 0

  /// True if the source ends without a line end, in a rejected record: it may be truncated. Otherwise nil.
  public var endsInRecord: Bool?

  public init() {}

  /// Adds the counts; the columns are those of the header and the same for all.
  public static func += (a: inout Notes, b: Notes) {
    a.missingColumns = b.missingColumns
    a.unknownColumns = b.unknownColumns
    a.repeatedIndustryCodes += b.repeatedIndustryCodes
    a.industryNamesWithoutCode += b.industryNamesWithoutCode
    a.endsInRecord = b.endsInRecord ?? a.endsInRecord
  }
}

/// `transform/000001.json`: a chunk is validated.
public struct TransformChunkManifest: Manifest, Hashable {
  public var format = SpoolFormat.current
  public var rulesVersion: Int
  public var chunk: Int
  /// Digest of the chunk's manifest that was validated; ``input`` is its CSV.
  public var inputManifestSHA256: String
  public var input: FileEntry
  public var registrations: FileEntry
  public var industries: FileEntry
  public var findings: FileEntry
  public var totals: Totals
  /// Counts by code, for rejections and warnings.
  public var findingCounts: [String: Int]
  public var notes: Notes
  /// Accepted records by city or county; nil in a manifest of a version that did not count them.
  public var cities: [String: Int]?
  /// Set when BANs that an earlier chunk accepted have been removed: the digest of the earlier chunks' digests. It
  /// shows whether the chunk was finalized against other bytes and is stale.
  public var settledAgainst: String?

  public init(
    rulesVersion: Int, chunk: Int, inputManifestSHA256: String, input: FileEntry, registrations: FileEntry,
    industries: FileEntry, findings: FileEntry, totals: Totals, findingCounts: [String: Int], notes: Notes,
    cities: [String: Int]?, settledAgainst: String?
  ) {
    self.rulesVersion = rulesVersion
    self.chunk = chunk
    self.inputManifestSHA256 = inputManifestSHA256
    self.input = input
    self.registrations = registrations
    self.industries = industries
    self.findings = findings
    self.totals = totals
    self.findingCounts = findingCounts
    self.notes = notes
    self.cities = cities
    self.settledAgainst = settledAgainst
  }
}

/// A column of a TSV file, which has no header.
public struct TSVColumn: Codable, Sendable, Hashable {
  /// Counted from 1.
  public var position: Int
  public var name: String
  /// The type in PostgreSQL.
  public var type: String

  /// Describes all columns of a file, in order.
  public static func list(_ columns: [(name: String, type: String)]) -> [TSVColumn] {
    columns.enumerated().map { TSVColumn(position: $0 + 1, name: $1.name, type: $1.type) }
  }
}

/// `transform.json`: the snapshot is finalized. Load reads only finalized snapshots.
public struct TransformManifest: Manifest, Hashable {
  public var format = SpoolFormat.current
  public var rulesVersion: Int
  /// The whole source that was validated.
  public var input: FileEntry
  public var sourceDate: String?
  public var totals: Totals
  public var findingCounts: [String: Int]
  public var notes: Notes
  /// Accepted records by city or county; nil in a manifest of a version that did not count them.
  public var cities: [String: Int]?
  /// Rows for business_industry.
  public var industries: Int
  /// SHA-256 over the digests of the chunks' TSV files, in order: the content of the registry.
  public var contentSHA256: String
  /// The columns of the TSV files, by kind of file (`registrations`, `industries`); nil in a manifest of a version that
  /// did not describe them.
  public var columns: [String: [TSVColumn]]?
  public var chunks: [ChunkEntry]

  public init(
    rulesVersion: Int, input: FileEntry, sourceDate: String?, totals: Totals, findingCounts: [String: Int],
    notes: Notes, cities: [String: Int]?, industries: Int, contentSHA256: String,
    columns: [String: [TSVColumn]]? = nil, chunks: [ChunkEntry]
  ) {
    self.rulesVersion = rulesVersion
    self.input = input
    self.sourceDate = sourceDate
    self.totals = totals
    self.findingCounts = findingCounts
    self.notes = notes
    self.cities = cities
    self.industries = industries
    self.contentSHA256 = contentSHA256
    self.columns = columns
    self.chunks = chunks
  }
}
