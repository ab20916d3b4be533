import Digest
import Glibc
import Spool
import TestSupport
import Testing

/// The kinds of files in a snapshot.
enum SpoolKind: String, CaseIterable {
  case source, fetch, fetchChunk, csv, transform, transformChunk, registrations, industries, findings, accepted
  case changes, changesManifest

  func path(_ folder: SnapshotFolder, chunk: Int = 2, job: Int) -> String {
    switch self {
    case .source: folder.downloadManifest
    case .fetch: folder.fetchManifest
    case .fetchChunk: folder.fetchChunkManifest(chunk)
    case .csv: folder.csv(chunk)
    case .transform: folder.transformManifest
    case .transformChunk: folder.transformChunkManifest(chunk)
    case .registrations: folder.registrations(chunk)
    case .industries: folder.industries(chunk)
    case .findings: folder.findings(chunk)
    case .accepted: folder.acceptanceManifest
    case .changes: folder.changes(job)
    case .changesManifest: folder.changesManifest(job)
    }
  }

  /// Whether there is one file per chunk.
  var isOfAChunk: Bool {
    [.fetchChunk, .csv, .transformChunk, .registrations, .industries, .findings].contains(self)
  }

  /// Whether the file describes other files by name, size and digest.
  var describesFiles: Bool { [.fetch, .fetchChunk, .transform, .transformChunk, .changesManifest].contains(self) }

  /// The manifest that contains the digest of this file.
  var parent: SpoolKind? {
    switch self {
    case .fetchChunk: .fetch
    case .transformChunk: .transform
    default: nil
    }
  }

  var isManifest: Bool { describesFiles || self == .source || self == .accepted }
}

/// The kinds of damage to a file.
enum SpoolHarm: String, CaseIterable {
  case flipped, cut, emptied, gone, swapped, folder, pipe, linkInside, linkOutside, linkDangling
  /// A changed manifest; the digest in its parent manifest is updated, so that the change is not obvious.
  case higherFormat, moreRecords, otherDigest, climbingName, absoluteName, hugeSize, negativeSize, overflowingSize
  /// A small compressed file that decompresses to a large one; its compressed size matches the manifest.
  case bomb

  func suits(_ kind: SpoolKind) -> Bool {
    switch self {
    case .higherFormat: kind.isManifest
    case .moreRecords, .otherDigest, .climbingName, .absoluteName, .hugeSize, .negativeSize, .overflowingSize:
      kind.describesFiles
    case .bomb: kind == .csv
    default: true
    }
  }

  /// Whether the path is replaced by something that is not a regular file.
  var isAnotherThing: Bool { [.folder, .pipe, .linkInside, .linkOutside, .linkDangling].contains(self) }
}

/// One kind of damage to one file of a snapshot.
struct SpoolDamage {
  let kind: SpoolKind
  let harm: SpoolHarm
  let folder: SnapshotFolder
  /// An earlier snapshot.
  let other: SnapshotFolder
  let jobs: (other: Int, folder: Int)
  /// A file outside the spool that no command may read or write.
  let canary: String

  var path: String { kind.path(folder, job: jobs.folder) }

  /// Whether there is another file of this kind to swap with.
  var isPossible: Bool { harm != .swapped || kind != .accepted }

  func inflict() throws {
    let bytes = try #require(ScratchFolder.read(path))
    switch harm {
    case .flipped: write(bytes.enumerated().map { $0 == bytes.count / 2 ? $1 ^ 1 : $1 })
    case .cut: write(Array(bytes.dropLast(bytes.count / 3 + 1)))
    case .emptied: write([])
    case .gone: unlink(path)
    case .swapped:
      let neighbour = kind.isOfAChunk ? kind.path(folder, chunk: 3, job: 0) : kind.path(other, job: jobs.other)
      let theirs = try #require(ScratchFolder.read(neighbour))
      // Swapping equal files would change nothing.
      if theirs == bytes { write(bytes + bytes) } else { write(theirs) }
      if kind.isOfAChunk { write(bytes, to: neighbour) }
    case .folder:
      unlink(path)
      mkdir(path, 0o755)
    case .pipe:
      unlink(path)
      mkfifo(path, 0o644)
    case .linkInside: link(to: keep(bytes, at: folder.path + "/kept"))
    case .linkOutside: link(to: canary)
    case .linkDangling: link(to: "/nonexistent/file")
    case .higherFormat: try edit("\"format\" : 1", "\"format\" : 2")
    case .moreRecords: try edit(/"records" : (\d+)/) { "\"records\" : \((Int($0) ?? 0) + 1)" }
    case .otherDigest:
      try edit(/"sha256" : "(\w+)"/) { _ in "\"sha256\" : \"\(SHA256.of(Array("another".utf8)))\"" }
    case .climbingName: try rename("../../../../../../etc/passwd")
    case .absoluteName: try rename("/etc/passwd")
    case .hugeSize: try edit(/"bytes" : (\d+)/) { _ in "\"bytes\" : 1152921504606846976" }
    case .negativeSize: try edit(/"bytes" : (\d+)/) { _ in "\"bytes\" : -1" }
    case .overflowingSize: try edit(/"bytes" : (\d+)/) { _ in "\"bytes\" : 9223372036854775808" }
    case .bomb: try bomb()
    }
  }

  private func write(_ bytes: [UInt8], to place: String? = nil) { SpoolDamage.write(bytes, to: place ?? path) }

  private static func write(_ bytes: [UInt8], to path: String) {
    unlink(path)
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    _ = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    close(file)
  }

  private func keep(_ bytes: [UInt8], at place: String) -> String {
    write(bytes, to: place)
    return place
  }

  private func link(to target: String) {
    unlink(path)
    symlink(target, path)
  }

  private func rename(_ name: String) throws {
    let key = kind == .fetch || kind == .transform ? "manifest" : "name"
    let text = String(decoding: try #require(ScratchFolder.read(path)), as: UTF8.self)
    let first = try #require(try Regex("\"\(key)\" : \"[^\"]*\"").firstMatch(in: text)).range
    try become(text.replacingCharacters(in: first, with: "\"\(key)\" : \"\(name)\""))
  }

  private func edit(_ from: String, _ to: String) throws {
    let text = String(decoding: try #require(ScratchFolder.read(path)), as: UTF8.self)
    try #require(text.contains(from))
    try become(text.replacing(from, with: to))
  }

  private func edit(_ pattern: Regex<(Substring, Substring)>, _ change: (Substring) -> String) throws {
    let text = String(decoding: try #require(ScratchFolder.read(path)), as: UTF8.self)
    let first = try #require(text.firstMatch(of: pattern))
    try become(text.replacingCharacters(in: first.range, with: change(first.output.1)))
  }

  /// Writes the file, and updates its digest in the parent manifest, if any.
  private func become(_ text: String) throws {
    let before = SHA256.of(try #require(ScratchFolder.read(path)))
    write(Array(text.utf8))
    guard let parent = kind.parent?.path(folder, job: jobs.folder) else { return }
    let above = String(decoding: try #require(ScratchFolder.read(parent)), as: UTF8.self)
    try #require(above.contains(before))
    write(Array(above.replacing(before, with: SHA256.of(Array(text.utf8))).utf8), to: parent)
  }

  private func bomb() throws {
    var file = try CompressedFile()
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    for _ in 0..<512 { try zeros.withUnsafeBytes { try file.append($0, to: path) } }
    let size = try #require(try file.describe(records: 1).compressedBytes)
    try file.commit()
    try SpoolDamage(kind: .fetchChunk, harm: .bomb, folder: folder, other: other, jobs: jobs, canary: canary)
      .edit(/"compressed_bytes" : (\d+)/) { _ in "\"compressed_bytes\" : \(size)" }
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
