/// A file that a manifest describes. Its identity is the SHA-256 of its uncompressed bytes.
public struct FileEntry: Codable, Sendable, Hashable {
  /// The name, without a folder.
  public var name: String
  /// Uncompressed size.
  public var bytes: Int
  /// Size on disk, if the file is compressed.
  public var compressedBytes: Int?
  /// Digest of the uncompressed bytes, 64 hexadecimal digits.
  public var sha256: String
  /// Rows of a TSV, lines of a findings file, or records of a chunk (with blank ones, without header and stamp row).
  public var records: Int

  public init(name: String, bytes: Int, compressedBytes: Int? = nil, sha256: String, records: Int) {
    self.name = name
    self.bytes = bytes
    self.compressedBytes = compressedBytes
    self.sha256 = sha256
    self.records = records
  }
}

/// `fetch/000001.json`: one chunk of the source, which ends at a record's end.
///
/// It has all that validating the chunk needs besides its bytes, and nothing that differs between two downloads of the
/// same source.
public struct FetchChunkManifest: Manifest, Hashable {
  public var format = SpoolFormat.current
  public var rulesVersion: Int
  /// The chunk's number, from 1.
  public var chunk: Int
  public var csv: FileEntry
  /// Offset of the chunk's first byte in the source.
  public var byteOffset: Int
  /// Line number of its first byte; the header's is 1.
  public var firstLine: Int
  /// Number of its LF bytes.
  public var lines: Int
  /// Number of its first record; the first after header and stamp row is 1.
  public var firstRecord: Int
  /// The header's names as published, trimmed.
  public var columns: [String]
  /// The date in the stamp row, ISO 8601.
  public var sourceDate: String?
  /// Bytes of header and stamp row, with a byte order mark; 0 if the chunk does not begin with the header.
  public var headerBytes: Int
  /// Number of its structure errors; a snapshot with too many is refused.
  public var structureErrors: Int
  /// Offsets in the chunk of records that are too long, as only bytes of the next chunk prove.
  public var tooLongOffsets: [Int]

  public init(
    rulesVersion: Int, chunk: Int, csv: FileEntry, byteOffset: Int, firstLine: Int, lines: Int, firstRecord: Int,
    columns: [String], sourceDate: String?, headerBytes: Int, structureErrors: Int, tooLongOffsets: [Int]
  ) {
    self.rulesVersion = rulesVersion
    self.chunk = chunk
    self.csv = csv
    self.byteOffset = byteOffset
    self.firstLine = firstLine
    self.lines = lines
    self.firstRecord = firstRecord
    self.columns = columns
    self.sourceDate = sourceDate
    self.headerBytes = headerBytes
    self.structureErrors = structureErrors
    self.tooLongOffsets = tooLongOffsets
  }
}

/// The origin of a snapshot, without secrets.
public struct Source: Codable, Sendable, Hashable {
  /// URL or path, without user, password and the values of a query.
  public var url: String
  /// SHA-256 of the URL with its query, without user and password. It tells apart sources with the same `url`.
  public var urlSHA256: String
  public var etag: String?
  public var lastModified: String?
  /// The `Date` of the same response: a Last-Modified less than a minute older is no strong validator (RFC 9110
  /// 8.8.2.2).
  public var date: String?
  /// The Content-Length of the response.
  public var contentLength: Int?
  /// The archive in which the CSV arrived; nil if it arrived as it is.
  public var archive: Archive?

  public init(
    url: String, urlSHA256: String, etag: String? = nil, lastModified: String? = nil, date: String? = nil,
    contentLength: Int? = nil
  ) {
    self.url = url
    self.urlSHA256 = urlSHA256
    self.etag = etag
    self.lastModified = lastModified
    self.date = date
    self.contentLength = contentLength
  }
}

/// The archive in which a source arrived.
public struct Archive: Codable, Sendable, Hashable {
  public enum Format: String, Codable, Sendable { case zip, gzip, zstd }

  public var format: Format
  /// Its size.
  public var bytes: Int
  /// Digest of its own bytes, 64 hexadecimal digits.
  public var sha256: String
  /// The name of the file in a zip archive.
  public var member: String?

  public init(format: Format, bytes: Int, sha256: String, member: String? = nil) {
    self.format = format
    self.bytes = bytes
    self.sha256 = sha256
    self.member = member
  }
}

/// How the source is split. A download is resumed only under the same terms.
public struct FetchTerms: Codable, Sendable, Hashable {
  /// Records per chunk.
  public var chunkSize: Int
  /// Maximum number of records; nil for all.
  public var limit: Int?
  /// Whether the source is the sample that ships with the project.
  public var sample: Bool

  public init(chunkSize: Int, limit: Int?, sample: Bool) {
    self.chunkSize = chunkSize
    self.limit = limit
    self.sample = sample
  }

  /// Whether the snapshot represents the whole registry. A sample or a limited snapshot is upserted. A later run never
  /// uses it for a conditional request, for "unchanged" or for a comparison.
  public var whole: Bool { limit == nil && !sample }
}

/// `source.json`: the response with which the download began.
public struct DownloadManifest: Manifest, Hashable {
  public var format = SpoolFormat.current
  public var rulesVersion: Int
  public var source: Source
  /// The form in which the source arrives; nil if the chunks have its bytes as they arrive.
  public var archiveFormat: Archive.Format?
  public var terms: FetchTerms
  /// ISO 8601, UTC.
  public var startedAt: String

  public init(rulesVersion: Int, source: Source, terms: FetchTerms, startedAt: String) {
    self.rulesVersion = rulesVersion
    self.source = source
    self.terms = terms
    self.startedAt = startedAt
  }
}

/// `fetch.json`: the whole source is in the spool.
public struct FetchManifest: Manifest, Hashable {
  public var format = SpoolFormat.current
  public var rulesVersion: Int
  public var source: Source
  public var terms: FetchTerms
  public var startedAt: String
  public var completedAt: String
  /// All chunks together; `name` is the glob that concatenates them.
  public var csv: FileEntry
  public var columns: [String]
  public var sourceDate: String?
  /// In order. Each chunk's own manifest has the details.
  public var chunks: [ChunkEntry]

  public init(
    rulesVersion: Int, source: Source, terms: FetchTerms, startedAt: String, completedAt: String, csv: FileEntry,
    columns: [String], sourceDate: String?, chunks: [ChunkEntry]
  ) {
    self.rulesVersion = rulesVersion
    self.source = source
    self.terms = terms
    self.startedAt = startedAt
    self.completedAt = completedAt
    self.csv = csv
    self.columns = columns
    self.sourceDate = sourceDate
    self.chunks = chunks
  }
}

/// A chunk's entry in a snapshot's manifest, with the digest of the chunk's manifest.
public struct ChunkEntry: Codable, Sendable, Hashable {
  public var manifest: String
  public var manifestSHA256: String
  public var records: Int

  public init(manifest: String, manifestSHA256: String, records: Int) {
    self.manifest = manifest
    self.manifestSHA256 = manifestSHA256
    self.records = records
  }
}
