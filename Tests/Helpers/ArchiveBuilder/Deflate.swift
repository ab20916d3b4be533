import CLibZlib

/// Compresses with zlib.
public enum Deflate {
  /// Returns one complete deflate stream (RFC 1951).
  public static func compress(_ bytes: [UInt8]) -> [UInt8] { run(bytes, Z_FINISH) }

  /// Returns a deflate stream of `head` and `times` copies of `block`, without holding its content in memory.
  public static func compress(_ head: [UInt8], then block: [UInt8], times: Int) -> [UInt8] {
    // A flushed part ends at a byte and refers to no earlier bytes, so that it can be repeated.
    let part = run(block, Z_FULL_FLUSH)
    return run(head, Z_FULL_FLUSH) + (0..<times).flatMap { _ in part } + lastBlock
  }

  /// The empty block that ends a stream.
  private static let lastBlock: [UInt8] = [3, 0]

  private static func run(_ bytes: [UInt8], _ flush: Int32) -> [UInt8] {
    // zlib keeps a pointer to it: it must not move.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    let size = Int32(MemoryLayout<z_stream>.size)
    precondition(
      deflateInit2_(stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK, "deflateInit2")
    defer { deflateEnd(stream) }
    var output = [UInt8](repeating: 0, count: Int(deflateBound(stream, UInt(bytes.count))) + 64)
    let count = bytes.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        let result = CLibZlib.deflate(stream, flush)
        precondition(result == (flush == Z_FINISH ? Z_STREAM_END : Z_OK), "deflate: \(result)")
        return output.count - Int(stream.pointee.avail_out)
      }
    }
    return Array(output[..<count])
  }
}

/// The CRC-32 of zip and gzip, bit by bit: independent of the code under test.
public func crc32(of bytes: some Sequence<UInt8>) -> UInt32 {
  var crc = UInt32.max
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 {
      let isOdd = crc & 1 == 1
      crc >>= 1
      if isOdd { crc ^= 0xEDB8_8320 }
    }
  }
  return ~crc
}

extension [UInt8] {
  /// Appends a number, its lowest byte first.
  mutating func append(number: Int, bytes count: Int) {
    for index in 0..<count { append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
  }
}
