import Foundation
import LoopbackServer

/// One run of the `curl` command.
final class Curl {
  struct Result: Sendable {
    var exit: Int32
    /// The values that curl printed for `--write-out`.
    var status: Int
    var connects: Int
    var redirects: Int
    var head: String
    var body: [UInt8]

    /// The headers of the last answer.
    var headers: Headers {
      let last = head.components(separatedBy: "\r\n\r\n").filter { !$0.isEmpty }.last ?? ""
      return Headers(
        last.components(separatedBy: "\r\n").dropFirst().compactMap { line in
          guard let colon = line.firstIndex(of: ":") else { return nil }
          return Headers.Field(
            String(line[..<colon]), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        })
    }
  }

  private let process = Process()
  private let folder: URL
  private let output = Pipe()

  init(_ arguments: [String]) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("loopback-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [
        "curl", "--disable", "--silent", "--noproxy", "*", "--max-time", "60",
        "--dump-header", folder.appendingPathComponent("head").path,
        "--output", folder.appendingPathComponent("body").path,
        "--write-out", "%{http_code} %{num_connects} %{num_redirects}\n",
      ] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  func kill() {
    _ = Foundation.kill(process.processIdentifier, SIGKILL)
  }

  func finish() throws -> Result {
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let lines = String(decoding: printed, as: UTF8.self).split(separator: "\n")
    let numbers = (lines.last ?? "").split(separator: " ").compactMap { Int($0) }
    return Result(
      exit: process.terminationStatus, status: numbers.first ?? 0,
      connects: lines.compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +),
      redirects: numbers.last ?? 0,
      head: String(decoding: read("head"), as: UTF8.self), body: read("body"))
  }

  private func read(_ name: String) -> [UInt8] {
    Array((try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data())
  }
}

/// Runs curl to its end. It requests the paths in `more` after the first, in the same run, and discards their bodies.
func curl(
  _ arguments: String..., to server: LoopbackServer, path: String = "/", more: [String] = []
) throws -> Curl.Result {
  let others = more.flatMap { ["--output", "/dev/null", server.url($0)] }
  return try Curl(arguments + [server.url(path)] + others).finish()
}
