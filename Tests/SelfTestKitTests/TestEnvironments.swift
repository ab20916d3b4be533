import Foundation
import SelfTestKit
import TestCluster
import Testing

enum TestEnvironments {
  /// Sets up a stand on a spool and a database of the test's own, and looks whether it clears up behind itself.
  static func with(_ body: (TestEnvironment) throws -> Void) throws {
    let spool = FileManager.default.temporaryDirectory.path + "/selftest-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: spool) }
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    try TestDatabase.with { database in
      let testEnvironment = try TestEnvironment(
        programs: Programs(folder: own), databaseURL: database.url, spool: spool)
      try body(testEnvironment)
      try testEnvironment.remove()
      #expect(try FileManager.default.contentsOfDirectory(atPath: spool) == [])
      #expect(try testEnvironment.schemasLeft() == 0)
    }
  }
}
