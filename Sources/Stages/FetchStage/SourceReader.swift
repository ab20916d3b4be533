import CommandKit
import Digest
import Spool
import Support

/// Reads a source from its first byte to its last: recognises its form, unpacks an archive, and splits the CSV.
struct SourceReader: ~Copyable {
  /// The snapshot, with the form of the source once that is recognised.
  private(set) var snapshot: UnfinishedSnapshot
  private let settings: FetchSettings
  /// Whether the source is a file, which can be read again: no copy of an archive is kept.
  private let isFile: Bool
  /// Nil until the form is recognised: the splitter records the snapshot's form with its chunks.
  private var splitter: ChunkSplitter?
  private(set) var limitReached = false
  /// The first bytes, until they show the form.
  private var head: [UInt8]?
  /// The number of bytes of the CSV.
  private var bytes = 0

  // An archive.
  private var reader: ArchiveReader?
  private var archiveHash = SHA256()
  private var archiveBytes = 0
  private var part: ArchivePart?
  /// The size of the source, if it is known.
  private var bytesAnnounced: Int?

  /// Begins with the source's first byte.
  ///
  /// - Parameter bytes: the size of the source, if it is known.
  init(_ snapshot: UnfinishedSnapshot, _ settings: FetchSettings, bytes: Int? = nil, isFile: Bool = false) throws {
    (self.snapshot, self.settings, self.isFile, bytesAnnounced) = (snapshot, settings, isFile, bytes)
    head = []
  }

  /// Resumes a source that is no archive after the chunks that are finished.
  init(_ snapshot: UnfinishedSnapshot, _ settings: FetchSettings, after finished: borrowing FinishedChunks) throws {
    (self.snapshot, self.settings, isFile) = (snapshot, settings, false)
    let splitter = try ChunkSplitter(snapshot, after: finished)
    limitReached = splitter.limitReached
    self.splitter = consume splitter
    bytes = finished.cursor.offset
  }

  /// Resumes an archive after the bytes that have arrived: these are unpacked again.
  static func resume(
    _ snapshot: UnfinishedSnapshot, _ settings: FetchSettings, after kept: KeptArchive
  ) throws -> SourceReader {
    var source = try SourceReader(snapshot, settings)
    source.head = nil
    source.splitter = try ChunkSplitter(snapshot, after: FinishedChunks())
    source.reader = try ArchiveReader(kept.format)
    let part = try ArchivePart(snapshot.archivePart, keeping: kept.bytes)
    let content = try part.content()
    source.part = consume part
    try content.forEachBlock(in: 0..<kept.bytes) { block in
      try StopSignal.check()
      try source.unpack(block)
      return !source.limitReached
    }
    return source
  }

  /// What is kept of an archive; nil if the source is none.
  var kept: KeptArchive? {
    guard let format = snapshot.manifest.archiveFormat, archiveBytes > 0, !isFile else { return nil }
    return KeptArchive(format: format, bytes: archiveBytes)
  }

  mutating func append(_ block: UnsafeRawBufferPointer) throws {
    guard var head = head.take() else { return try read(block) }
    head.append(contentsOf: block)
    guard head.count >= Archive.Format.signatureBytes else {
      self.head = head
      return
    }
    try recognise(head)
  }

  private mutating func recognise(_ head: [UInt8]) throws {
    if let format = Archive.Format(signature: head) {
      reader = try ArchiveReader(format)
      snapshot = try snapshot.beginArchive(format)
      if !isFile, settings.terms.limit == nil {
        try FreeSpace.check(settings.spool, archiveBytes: bytesAnnounced ?? 0)
      }
      if !isFile { part = try ArchivePart(new: snapshot.archivePart) }
    } else {
      snapshot = snapshot.withoutArchive()
    }
    splitter = try ChunkSplitter(snapshot, after: FinishedChunks())
    try head.withUnsafeBytes { try read($0) }
  }

  private mutating func read(_ block: UnsafeRawBufferPointer) throws {
    guard reader != nil else { return try split(block) }
    try part?.append(block)
    try unpack(block)
  }

  private mutating func unpack(_ block: UnsafeRawBufferPointer) throws {
    archiveHash.update(block)
    archiveBytes += block.count
    guard let reader = reader.take() else { return }
    do { self.reader = try reader.appending(block) { try split($0) } } catch var error as ArchiveError {
      error.format = snapshot.manifest.archiveFormat
      throw error
    }
  }

  private mutating func split(_ block: UnsafeRawBufferPointer) throws {
    bytes += block.count
    guard bytes <= settings.bytesMax else {
      throw Failure(
        .data, "\(settings.location.shown) has more than --max-bytes \(settings.bytesMax)",
        hint: "if this is the correct source, set a larger --max-bytes")
    }
    guard !limitReached else { return }
    try splitter?.append(block)
    limitReached = splitter?.limitReached ?? false
  }

  /// Completes the snapshot after the source's last byte.
  ///
  /// - Parameter file: the source, if it is a file.
  /// - Throws: ``ArchiveError`` if the archive is not acceptable.
  consuming func finish(previous: PreviousSnapshot?, file: ArchiveBytes? = nil) throws -> FetchOutcome {
    if let head = head.take() { try recognise(head) }
    var archive: Archive?
    let content = try file ?? part.take()?.content()
    if let format = snapshot.manifest.archiveFormat, !limitReached, let content, let reader = reader.take() {
      do {
        let member = try reader.finish(content) { try split($0) }
        archive = Archive(format: format, bytes: archiveBytes, sha256: archiveHash.finish(), member: member)
      } catch var error as ArchiveError {
        error.format = format
        throw error
      }
    }
    guard let splitter = splitter.take() else {
      throw Failure(.bug, "internal error: the source ended before its form was recognised")
    }
    return try snapshot.complete(splitter.finish(), archive, previous: previous)
  }

  /// Waits for the chunks that are finished, after the source ended early.
  ///
  /// - Returns: the chunks after which another attempt can resume; none of an archive.
  /// - Throws: the error of the first chunk that could not be committed.
  consuming func stop() throws -> FinishedChunks {
    guard let splitter = splitter.take() else { return FinishedChunks() }
    let finished = try splitter.stop()
    return snapshot.manifest.archiveFormat == nil ? finished : FinishedChunks()
  }
}

/// What has arrived of an archive, and is kept for another attempt or another process.
struct KeptArchive {
  let format: Archive.Format
  let bytes: Int
}
