import Foundation
import SelfTestKit
import TestCluster
import Testing

enum TestEnvironments {
  /// Runs `body` with a test environment that has its own spool and database, and checks that it is removed completely.
  static func with(_ body: (TestEnvironment) throws -> Void) throws {
    let spool = FileManager.default.temporaryDirectory.path + "/selftest-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: spool) }
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    try TestDatabase.with { database in
      let testEnvironment = try TestEnvironment(
        programs: Programs(folder: own), target: .database(url: database.url), spool: spool)
      try body(testEnvironment)
      try testEnvironment.remove()
      #expect(try FileManager.default.contentsOfDirectory(atPath: spool) == [])
      #expect(try testEnvironment.schemasLeft() == 0)
    }
  }
}
