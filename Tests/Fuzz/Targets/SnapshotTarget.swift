import CommandKit
import Digest
import FetchStage
import Glibc
import MalformedInputs
import Records
import SeededRandom
import Spool
import Support
import TestSupport
import TransformStage

/// A snapshot with one corrupted file is read and transformed again, or refused, and no other file is created.
public struct SnapshotTarget: FuzzTarget {
  public static let name = "snapshot"
  public static let share = 1

  private let scratch = ScratchFolder()
  private let folder: SnapshotFolder
  private let log: EventLog
  /// The snapshot's original files, with their relative paths.
  private let files: [(path: String, bytes: [UInt8])]

  public init() throws {
    setenv("LOG_LEVEL", "critical", 1)
    log = EventLog(stage: "fuzz", runID: "fuzz")
    let settings = FetchSettings(
      spool: scratch.path + "/spool", location: .file(path: scratch.write(Self.source, to: "source.csv")),
      terms: ManifestSamples.terms, force: true)
    folder = try Fetcher.run(settings, log: log).folder
    try Self.makeTimeless(folder)
    let transform = TransformSettings(folder: folder, jobs: 1, selection: .all, force: true, isDryRun: false)
    _ = try Transformer.run(transform, log: log)
    var files: [(String, [UInt8])] = []
    for place in ["", "/fetch", "/transform"] {
      for name in try Folder.names(folder.path + place) where name.contains(".") && !name.hasPrefix(".") {
        let path = String((place + "/" + name).dropFirst())
        files.append((path, ScratchFolder.read(folder.path + "/" + path) ?? []))
      }
    }
    self.files = files
  }

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    let index = random.below(files.count)
    var bytes = files[index].bytes
    if files[index].path.hasSuffix(".json"), !random.onceIn(4) {
      spoilJSON(&bytes, &random)
    } else {
      spoil(&bytes, from: 0, times: 1 + random.below(3), &random)
    }
    return [UInt8(index), UInt8(random.below(4))] + bytes
  }

  public func difference(_ input: [UInt8]) throws -> String? {
    var choices = Choices(input)
    let index = choices.below(files.count)
    let how = choices.below(4)
    try put(Array(choices.rest), at: index, isNamed: how & 1 == 1)
    defer { restore() }
    if let wrong = try refused({ try readAll() }) { return "reading: \(wrong)" }
    _ = try SnapshotStatus.read(folder)
    let settings = TransformSettings(folder: folder, jobs: 1, selection: .all, force: how & 2 == 2, isDryRun: false)
    if let wrong = try refused({ _ = try Transformer.run(settings, log: log) }) { return "transform: \(wrong)" }
    return try stray()
  }

  private func readAll() throws {
    let snapshot = try FinalizedSnapshot(folder)
    for batch in snapshot.batches {
      for file in [snapshot.registrations(of: batch), snapshot.industries(of: batch), snapshot.findings(of: batch)] {
        try file.readLines { _ in }
      }
    }
  }

  /// - Returns: an error of another category than `data` and `notReady`; nil if there is none.
  private func refused(_ body: () throws -> Void) throws -> String? {
    do { try body() } catch let failure as Failure {
      return failure.category == .data || failure.category == .notReady
        ? nil : "\(failure.category): \(failure.message)"
    }
    return nil
  }

  /// Replaces the content of a file.
  ///
  /// - Parameter isNamed: whether the manifests above it get its new digest, as an attacker would do.
  private func put(_ bytes: [UInt8], at index: Int, isNamed: Bool) throws {
    var changed = [files[index].path: bytes]
    func bytesNow(_ path: String) -> [UInt8] { changed[path] ?? files.first { $0.path == path }?.bytes ?? [] }
    // Lower ones first: changing one changes the digest in the next.
    let order = files.map(\.path).filter { $0.hasSuffix(".json") }.sorted { Self.height($0) < Self.height($1) }
    for path in isNamed ? order : [] {
      var text = bytesNow(path)
      for (lower, bytes) in changed where Self.height(lower) < Self.height(path) {
        let before = files.first { $0.path == lower }?.bytes ?? []
        text = Self.replacing(SHA256.of(before), with: SHA256.of(bytes), in: text)
      }
      if text != bytesNow(path) { changed[path] = text }
    }
    for (path, bytes) in changed { write(bytes, path) }
  }

  private static func height(_ path: String) -> Int {
    switch path {
    case "transform.json": 4
    case let path where path.hasPrefix("transform/") && path.hasSuffix(".json"): 3
    case "fetch.json": 2
    case let path where path.hasSuffix(".json"): 1
    default: 0
    }
  }

  private static func replacing(_ old: String, with new: String, in text: [UInt8]) -> [UInt8] {
    let (old, new) = (Array(old.utf8), Array(new.utf8))
    guard var start = text.firstIndex(of: old[0]) else { return text }
    var result = text
    while start + old.count <= result.count {
      if result[start] == old[0], result[start...].starts(with: old) {
        result.replaceSubrange(start..<start + old.count, with: new)
        start += new.count
      } else {
        start += 1
      }
    }
    return result
  }

  private func write(_ bytes: [UInt8], _ path: String) {
    _ = scratch.write(bytes, to: "spool/\(folder.id)/\(path)")
  }

  private func restore() {
    for (path, bytes) in files where ScratchFolder.read(folder.path + "/" + path) != bytes { write(bytes, path) }
  }

  /// Returns an unexpected file in the snapshot or next to it; nil if there is none.
  private func stray() throws -> String? {
    let known = Set(files.map(\.path) + ["fetch", "transform"])
    for place in ["", "/fetch", "/transform"] {
      for name in try Folder.names(folder.path + place) where !name.hasPrefix(".") {
        let path = String((place + "/" + name).dropFirst())
        if !known.contains(path) { return "'\(path)' was created" }
      }
    }
    let around = try Folder.names(scratch.path) + Folder.names(scratch.path + "/spool").filter { !$0.hasPrefix(".") }
    return around == ["source.csv", "spool", folder.id.description] ? nil : "unexpected files next to it: \(around)"
  }

  /// Replaces sources and times in the manifests, so that they are the same on every machine.
  private static func makeTimeless(_ folder: SnapshotFolder) throws {
    guard var fetch = try FetchManifest.read(at: folder.fetchManifest),
      var download = try DownloadManifest.read(at: folder.downloadManifest)
    else { throw Unlike(description: "a snapshot without its manifests") }
    (fetch.source, fetch.startedAt, fetch.completedAt) = (ManifestSamples.source, "x", "y")
    (download.source, download.startedAt) = (ManifestSamples.source, "x")
    try fetch.publish(at: folder.fetchManifest)
    try download.publish(at: folder.downloadManifest)
  }

  /// Three chunks; the second repeats a BAN of the first.
  private static let source = Array(
    "統一編號,營業人名稱,營業地址,行業代號\n01-SEP-26,,,\n04595257,甲,臺北市,472927\nx,乙,,\n04595257,丙,,\n10000009,\"丁\n\",臺東縣,1\n,,,\n"
      .utf8)
}
