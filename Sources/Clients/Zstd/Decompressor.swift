import CLibZstd

/// Decompresses whole frames into memory whose size is known beforehand, so that a hostile frame cannot take more.
public struct Decompressor: ~Copyable {
  private let context: OpaquePointer

  public init() throws(ZstdError) {
    // Out of memory is all that can go wrong here. Frames are decompressed whole into memory of a known size, so a
    // frame that asks for a huge window costs nothing.
    context = try Self.context()
  }

  private static func context() throws(ZstdError) -> OpaquePointer {
    guard let context = ZSTD_createDCtx() else { throw ZstdError(description: "out of memory") }
    return context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Fills `output` with the content of all frames in `input`.
  ///
  /// - Returns: how many bytes there were, at most `output.count`.
  /// - Throws: ``ZstdError/tooLarge`` where there is more, and libzstd's errors for damaged frames.
  public mutating func decompress(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(ZstdError) -> Int {
    let result = ZSTD_decompressDCtx(context, output.baseAddress, output.count, input.baseAddress, input.count)
    if ZSTD_isError(result) != 0, ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall { throw .tooLarge }
    return try ZstdError.check(result)
  }
}

/// What libzstd says went wrong.
public struct ZstdError: Error, Sendable, CustomStringConvertible {
  public let description: String

  public static let tooLarge = ZstdError(description: "it holds more bytes than its manifest says")

  /// The number of bytes or sizes that a libzstd function returned, or its error.
  static func check(_ result: Int) throws(ZstdError) -> Int {
    guard ZSTD_isError(result) == 0 else { throw ZstdError(description: String(cString: ZSTD_getErrorName(result))) }
    return result
  }
}
