import Foundation
import SelfTestKit
import TestCluster
import Testing

/// After a power cut, a file has the bytes that were flushed, and a folder the names that it had when it was flushed. A
/// test cannot cut the power, so it checks the order of the steps.
@Suite("The order of durable writes", .enabled(if: TestCluster.isAvailable, "needs a PostgreSQL server"))
struct OrderTests {
  @Test(
    "a file is flushed before its rename, its folder before the manifest, and everything at the end",
    arguments: ["fetch", "transform, again", "transform", "load, first day", "load, next day"])
  func order(_ scenario: String) throws {
    try TestEnvironments.with { testEnvironment in
      let trace = try testEnvironment.trace(scenario)
      #expect(trace.count > 20)
      #expect(Disk(trace).problems == [])
    }
  }

  @Test("a missing step is reported")
  func missing() {
    let good = [
      "fetch/N.csv.zst:write", "fetch/N.csv.zst:flush", "fetch/N.csv.zst:rename", "fetch:flush-folder",
      "fetch/N.json:write",
      "fetch/N.json:flush", "fetch/N.json:rename", "fetch:flush-folder",
    ]
    #expect(Disk(good).problems == [])
    for place in [1, 3, 5, 7] {
      var bad = good
      bad.remove(at: place)
      #expect(Disk(bad).problems.count == 1, "\(good[place])")
    }
  }
}

/// Replays the steps of a trace and finds files that a power cut could lose.
private struct Disk {
  private(set) var problems: [String] = []
  private var unflushed: Set<String> = []
  /// How many files of a name are flushed and not yet renamed. Chunks of the source are written in parallel, and the
  /// trace gives all of them the same name, so at least as many must be flushed as are renamed.
  private var flushed: [String: Int] = [:]
  /// Names that are not yet durable, by folder.
  private var names: [String: Set<String>] = [:]

  init(_ trace: [String]) {
    for line in trace {
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      take(parts[0], parts[1])
    }
    for (folder, names) in names where !names.isEmpty { problems.append("'\(folder)' is not flushed at the end") }
  }

  private mutating func take(_ subject: String, _ step: String) {
    // Locks and run markers need not survive a power cut.
    guard !subject.hasPrefix("."), !subject.contains("/.") else { return }
    switch step {
    case "write": if subject != "fetch/N.csv.zst" { unflushed.insert(subject) }
    case "flush":
      unflushed.remove(subject)
      flushed[subject, default: 0] += 1
    case "rename":
      flushed[subject, default: 0] -= 1
      if unflushed.contains(subject) || flushed[subject, default: 0] < 0 {
        problems.append("'\(subject)' appears before its bytes are flushed")
      }
      if subject.hasSuffix(".json") {
        for folder in described(by: subject) where !(names[folder] ?? []).isEmpty {
          problems.append("'\(subject)' appears before the names in '\(folder)' are flushed")
        }
      }
      names[folder(of: subject), default: []].insert(subject)
    // It exists from an earlier run; the run that creates it flushes the spool.
    case "make-folder" where subject == "runs": break
    case "make-folder": names[subject == "snapshot" ? "spool" : "snapshot", default: []].insert(subject)
    case "flush-folder": names[subject] = []
    default: break
    }
  }

  private func folder(of subject: String) -> String {
    subject.split(separator: "/").count > 1 ? String(subject.split(separator: "/")[0]) : "snapshot"
  }

  /// The folders whose files a manifest describes.
  private func described(by manifest: String) -> [String] {
    switch manifest {
    case "fetch.json": ["fetch", "snapshot"]
    case "transform.json": ["transform", "snapshot"]
    case "source.json", "accepted.json": []
    default: [folder(of: manifest)]
    }
  }
}
