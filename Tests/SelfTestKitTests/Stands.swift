import Foundation
import SelfTestKit
import TestCluster
import Testing

enum Stands {
  /// Sets up a stand on a spool and a database of the test's own, and looks whether it clears up behind itself.
  static func with(_ body: (Stand) throws -> Void) throws {
    let spool = FileManager.default.temporaryDirectory.path + "/selftest-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: spool) }
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    try TestDatabase.with { database in
      let stand = try Stand(programs: Programs(folder: own), databaseURL: database.url, spool: spool)
      try body(stand)
      try stand.remove()
      #expect(try FileManager.default.contentsOfDirectory(atPath: spool) == [])
      #expect(try stand.schemasLeft() == 0)
    }
  }
}
