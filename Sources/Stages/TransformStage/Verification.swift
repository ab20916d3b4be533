import CommandKit
import Digest
import Spool
import Support

/// Verifies that a finalized snapshot's files still match their manifests, byte for byte.
enum Verification {
  /// - Parameter withSource: whether to read the chunks of the source too; that takes about a second at full size.
  /// - Throws: category `data`, naming the first file that differs and the command that redoes it.
  static func verify(_ plan: SnapshotPlan, jobs: Int, withSource: Bool) throws {
    try ChunkQueue(plan.chunks).run(threads: jobs) { queue in
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      var reader = try ChunkReader()
      while let (chunk, _) = try queue.next() {
        let number = chunk.manifest.chunk
        if withSource { try reader.read(chunk.manifest, in: plan.folder) { _ in } }
        guard let manifest = try plan.validated.current(number)?.manifest else { continue }
        let files = [
          (plan.folder.registrations(number), manifest.registrations),
          (plan.folder.industries(number), manifest.industries), (plan.folder.findings(number), manifest.findings),
        ]
        for (path, entry) in files {
          guard try digest(path, &buffer) == entry.sha256 else {
            throw plan.damaged(
              Folder.name(of: path), "its bytes have another SHA-256 than its manifest says", chunk: number)
          }
        }
      }
    }
  }

  private static func digest(_ path: String, _ buffer: inout [UInt8]) throws -> String? {
    guard let file = try OpenFile(path) else { return nil }
    var hash = SHA256()
    while true {
      let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
      if count == 0 { return hash.finish() }
      buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }
}
