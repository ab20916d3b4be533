import CLibZstd

/// Decompresses frames as their bytes arrive. Memory is bounded by libzstd's limit for a frame's window (128 MiB).
public struct StreamDecompressor: ~Copyable {
  private let context: OpaquePointer
  private let output: UnsafeMutableRawBufferPointer
  /// Whether all bytes so far are whole frames.
  public private(set) var isAtEnd = true

  public init() throws(ZstdError) {
    context = try Self.context()
    output = .allocate(byteCount: ZSTD_DStreamOutSize(), alignment: 16)
  }

  private static func context() throws(ZstdError) -> OpaquePointer {
    guard let context = ZSTD_createDCtx() else { throw ZstdError(description: "out of memory") }
    return context
  }

  deinit {
    ZSTD_freeDCtx(context)
    output.deallocate()
  }

  /// Decompresses bytes. `emit` gets the result block by block; a block is valid only during the call.
  public mutating func decompress(
    _ bytes: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    var out = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    // A full output may have more to follow, even if no input is left. After a frame's end nothing follows, and another
    // call would begin the next frame.
    while input.pos < input.size || out.pos == out.size && !isAtEnd {
      out.pos = 0
      let wanted = try ZstdError.check(ZSTD_decompressStream(context, &out, &input))
      isAtEnd = wanted == 0
      if out.pos > 0 { try emit(UnsafeRawBufferPointer(rebasing: output[..<out.pos])) }
    }
  }
}
