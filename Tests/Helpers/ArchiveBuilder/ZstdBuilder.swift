import Zstd

/// Builds zstd files (RFC 8878).
public enum ZstdBuilder {
  /// Returns one frame that gives the size of its content.
  public static func frame(_ bytes: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = []
    do {
      var compressor = try Compressor(level: 1)
      try bytes.withUnsafeBytes { try compressor.compress(whole: $0) { frame += $0 } }
    } catch { preconditionFailure("zstd: \(error)") }
    return frame
  }

  /// Returns one frame of `head` and `times` copies of `block`, which does not give its size.
  public static func stream(_ head: [UInt8], then block: [UInt8] = [], times: Int = 0) -> [UInt8] {
    var frame: [UInt8] = []
    do {
      var compressor = try Compressor(level: 1)
      try head.withUnsafeBytes { try compressor.compress($0) { frame += $0 } }
      for _ in 0..<times { try block.withUnsafeBytes { try compressor.compress($0) { frame += $0 } } }
      try compressor.finish { frame += $0 }
    } catch { preconditionFailure("zstd: \(error)") }
    return frame
  }

  /// Returns a frame that readers skip.
  public static func skippable(_ content: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = [0x53, 0x2a, 0x4d, 0x18]
    frame.append(number: content.count, bytes: 4)
    return frame + content
  }

  /// Unpacks all frames of a file into at most `limit` bytes.
  ///
  /// - Returns: nil if it is not a valid zstd file.
  public static func unpack(_ archive: [UInt8], limit: Int) throws -> [UInt8]? {
    var decompressor = try Decompressor()
    var output = [UInt8](repeating: 0, count: limit)
    do {
      let count = try archive.withUnsafeBytes { archive in
        try output.withUnsafeMutableBytes { try decompressor.decompress(archive, into: $0) }
      }
      return Array(output[..<count])
    } catch is ZstdError { return nil }
  }
}
