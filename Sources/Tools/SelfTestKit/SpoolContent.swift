import CommandKit
import Foundation
import Spool
import Zstd

/// The content of a spool in a form that can be compared: each file by its path, with the snapshots and job runs
/// numbered in order, and without times.
struct SpoolContent: Equatable {
  private(set) var files: [String: String] = [:]

  init(_ spool: String) throws {
    for (index, id) in try SpoolIndex.snapshots(spool).enumerated() {
      let folder = SnapshotFolder(spool: spool, id: id)
      try add(folder.path, as: "#\(index)")
      for name in ["fetch", "transform"] { try add(folder.path + "/" + name, as: "#\(index)/\(name)") }
      try addChanges(folder.changesFolder, as: "#\(index)/changes")
    }
    // The mark of a killed run stays until the next run has reported it. After a power cut, a run that has recorded its
    // end may have a mark, which the next run removes.
    for name in try Folder.names(spool + "/.runs") where try RunRecords.read(name, spool: spool)?.endedAt == nil {
      files[".runs/" + name] = "mark of a run"
    }
  }

  private mutating func add(_ folder: String, as shown: String) throws {
    for name in try Folder.names(folder) where !name.hasSuffix(".lock") {
      let path = folder + "/" + name
      guard let bytes = FileManager.default.contents(atPath: path) else { continue }
      let isManifest = ["source.json", "fetch.json", "accepted.json"].contains(name)
      files[shown + "/" + name] = isManifest ? try Self.timeless(bytes) : bytes.base64EncodedString()
    }
  }

  /// Adds the change feed's files. Their names contain the numbers of job runs, and failed runs use numbers too.
  private mutating func addChanges(_ folder: String, as shown: String) throws {
    let names = try Folder.names(folder).filter { !$0.hasSuffix(".lock") }
    for (index, name) in names.filter({ $0.hasSuffix(".json") }).enumerated() {
      let path = folder + "/" + name
      files["\(shown)/#\(index).json"] = try Self.timeless(FileManager.default.contents(atPath: path) ?? Data())
      let feed = String(path.dropLast(5)) + ".jsonl.zst"
      files["\(shown)/#\(index).jsonl.zst"] = try Self.lines(feed)
    }
    for name in names where name.hasPrefix(".") { files["\(shown)/\(name)"] = "left behind" }
    if names.count % 2 != 0 { files["\(shown)/"] = names.joined(separator: " ") }
  }

  private static func timeless(_ json: Data) throws -> String {
    let varying = ["started_at", "completed_at", "accepted_at", "run_id", "job_run_id", "sha256", "bytes"]
    func strip(_ value: Any, _ depth: Int) -> Any {
      guard var members = value as? [String: Any] else { return value }
      // The digest of a feed's file changes with the run's number in it; that of the source does not.
      let isFeed = members["job_run_id"] != nil
      for name in varying.prefix(isFeed ? 7 : 4) { members[name] = nil }
      if isFeed { members["changes"] = (members["changes"] as? [String: Any])?["records"] }
      return members
    }
    let value = strip(try JSONSerialization.jsonObject(with: json), 0)
    return String(decoding: try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys]), as: UTF8.self)
  }

  private static func lines(_ path: String) throws -> String {
    guard let bytes = FileManager.default.contents(atPath: path) else { return "missing" }
    var decompressor = try Decompressor()
    var memory = [UInt8](repeating: 0, count: 16 << 20)
    let count = try memory.withUnsafeMutableBytes { target in
      try bytes.withUnsafeBytes { try decompressor.decompress($0, into: target) }
    }
    return try String(decoding: memory.prefix(count), as: UTF8.self).split(separator: "\n").map { line in
      var members = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      members["job_run_id"] = nil
      let data = try JSONSerialization.data(withJSONObject: members, options: [.sortedKeys])
      return String(decoding: data, as: UTF8.self)
    }.joined(separator: "\n")
  }

  /// Returns up to five differences as messages.
  func differences(from expected: SpoolContent) -> [String] {
    let names = Set(files.keys).union(expected.files.keys).sorted()
    return names.filter { files[$0] != expected.files[$0] }.prefix(5).map { name in
      let state =
        files[name] == nil ? "is missing" : expected.files[name] == nil ? "should not be there" : "has other content"
      return "spool: \(name) \(state)"
    }
  }
}
