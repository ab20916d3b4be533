import Foundation
import Support
import TestCluster
import Testing

/// Runs commands as `pipeline.sh selftest --power` does.
private enum PowerCuts {
  /// Why no power can be cut here; nil if it can.
  static let unavailable: String? = {
    guard getuid() == 0 else { return "needs root" }
    guard TestCluster.programFolder() != nil else { return "needs PostgreSQL" }
    let canMount = try? run(["sh", "-c", "mkfs.ext4 -V && losetup --find && mount -t tmpfs none /mnt"]).code
    return canMount == 0 ? nil : "needs loop devices and the right to mount"
  }()

  static func run(_ command: [String]) throws -> (code: Int32?, output: String) {
    let file = FileManager.default.temporaryDirectory.path + "/output-\(UUID().uuidString)"
    defer { unlink(file) }
    let flags = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    var environment = ChildProcess.environment
    environment["POSTGRES_BIN"] = TestCluster.programFolder()
    var process = ChildProcess(["/usr/bin/unshare"] + flags + command, environment: environment)
    (process.stdout, process.stderr) = (.file(file), .file(file))
    let end = try ChildProcess.end(of: try process.start(), wait: true)
    return (end?.code, String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self))
  }
}

@Suite("Power cuts", .enabled(if: PowerCuts.unavailable == nil, "\(PowerCuts.unavailable ?? "")"))
struct PowerCutTests {
  @Test("after a power cut at a random point, the same command completes the spool and the registry durably")
  func randomPoints() throws {
    let seed = UInt64.random(in: 1...999_999)
    print("power cuts: seed \(seed)")
    let spool = FileManager.default.temporaryDirectory.path + "/power-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: spool) }
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    let (code, output) = try PowerCuts.run([
      own + "/selftest", "--power", "--cases", "6", "--seed", "\(seed)", "--spool", spool,
    ])
    #expect(code == 0, "\(output)")
    #expect(output.contains("PASS") && output.contains(" 6 cases, "), "\(output)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: spool) == [])
  }
}
