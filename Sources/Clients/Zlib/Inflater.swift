import CLibZlib

/// Decompresses one stream of deflated bytes as they arrive (RFC 1951), or one gzip member with its checksum (RFC 1952).
public struct Inflater: ~Copyable {
  public enum Form: Sendable { case deflate, gzip }

  /// zlib keeps a pointer to it: it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let output: UnsafeMutableRawBufferPointer
  /// Whether the stream's end was read.
  public private(set) var isAtEnd = false

  public init(_ form: Form) throws(ZlibError) {
    stream = try Self.stream(windowBits: form == .gzip ? 15 + 16 : -15)
    output = .allocate(byteCount: 1 << 18, alignment: 16)
  }

  private static func stream(windowBits: Int32) throws(ZlibError) -> UnsafeMutablePointer<z_stream> {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard zlib_inflate_init(stream, windowBits) == Z_OK else {
      stream.deallocate()
      throw ZlibError(description: "out of memory")
    }
    return stream
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }

  /// Decompresses bytes until they or the stream end. `emit` gets the result block by block; a block is valid only
  /// during the call.
  ///
  /// - Returns: the number of bytes that belong to the stream; fewer than given only at its end.
  public mutating func inflate(
    _ bytes: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> Int {
    guard !isAtEnd, let start = bytes.baseAddress, let limit = UInt32(exactly: bytes.count) else { return 0 }
    stream.pointee.next_in = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = limit
    // zlib must not keep a pointer to bytes of the caller.
    defer { (stream.pointee.next_in, stream.pointee.avail_in) = (nil, 0) }
    while !isAtEnd {
      stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(output.count)
      let result = CLibZlib.inflate(stream, Z_NO_FLUSH)
      let count = output.count - Int(stream.pointee.avail_out)
      guard [Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(result) else {
        throw ZlibError(description: stream.pointee.msg.map { String(cString: $0) } ?? "error \(result) of zlib")
      }
      isAtEnd = result == Z_STREAM_END
      if count > 0 { try emit(UnsafeRawBufferPointer(rebasing: output[..<count])) }
      // With room left in the output, all of the input was used.
      if stream.pointee.avail_out > 0 { break }
    }
    return bytes.count - Int(stream.pointee.avail_in)
  }

  /// Begins another stream of the same form.
  public mutating func restart() {
    inflateReset(stream)
    isAtEnd = false
  }
}

/// An error of zlib.
public struct ZlibError: Error, Sendable, CustomStringConvertible {
  public let description: String
}

/// The CRC-32 of zip and gzip (ISO 3309), over bytes that arrive in parts.
public struct CRC32: Sendable, Equatable {
  public private(set) var value: UInt32 = 0

  public init() {}

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // Without bytes, crc32_z would return its initial value.
    guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), start, bytes.count))
  }
}
