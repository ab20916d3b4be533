import CLibZlib

/// Builds gzip files (RFC 1952).
public enum GzipBuilder {
  /// Returns one member.
  ///
  /// - Parameter name: the original file's name, in the header.
  public static func member(_ bytes: [UInt8], name: String? = nil) -> [UInt8] {
    header(name: name) + Deflate.compress(bytes) + trailer(crc32(of: bytes), bytes: bytes.count)
  }

  /// Returns a member of `head` and `times` copies of `block`, with a wrong checksum.
  public static func bomb(_ head: [UInt8], then block: [UInt8], times: Int) -> [UInt8] {
    header(name: nil) + Deflate.compress(head, then: block, times: times)
      + trailer(0, bytes: head.count + times * block.count)
  }

  private static func header(name: String?) -> [UInt8] {
    let hasName: UInt8 = name == nil ? 0 : 8
    var header: [UInt8] = [0x1f, 0x8b, 8, hasName, 0, 0, 0, 0, 0, 3]
    if let name { header += Array(name.utf8) + [0] }
    return header
  }

  private static func trailer(_ crc: UInt32, bytes: Int) -> [UInt8] {
    var trailer: [UInt8] = []
    trailer.append(number: Int(crc), bytes: 4)
    trailer.append(number: bytes, bytes: 4)
    return trailer
  }

  /// Unpacks a whole file, all its members, into at most `limit` bytes.
  ///
  /// - Returns: nil if it is not a valid gzip file.
  public static func unpack(_ archive: [UInt8], limit: Int) -> [UInt8]? {
    var content: [UInt8] = []
    var rest = archive[...]
    repeat {
      guard let (member, used) = unpackMember(rest, limit: limit - content.count) else { return nil }
      content += member
      rest = rest.dropFirst(used)
    } while !rest.isEmpty && rest.first != 0
    return rest.allSatisfy { $0 == 0 } ? content : nil
  }

  /// - Returns: the content of the first member, and the number of its bytes in the archive.
  private static func unpackMember(_ archive: ArraySlice<UInt8>, limit: Int) -> (content: [UInt8], used: Int)? {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    precondition(
      inflateInit2_(stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK, "inflateInit2")
    defer { inflateEnd(stream) }
    // One byte more, so that the buffer is never empty.
    var output = [UInt8](repeating: 0, count: limit + 1)
    return archive.withUnsafeBufferPointer { input -> (content: [UInt8], used: Int)? in
      let count = output.withUnsafeMutableBufferPointer { output -> Int? in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        guard CLibZlib.inflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
        return output.count - Int(stream.pointee.avail_out)
      }
      return count.map { (Array(output[..<$0]), input.count - Int(stream.pointee.avail_in)) }
    }
  }
}
