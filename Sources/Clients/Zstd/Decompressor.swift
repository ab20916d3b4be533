import CLibZstd

/// Decompresses whole frames into memory of a known size, so that a hostile frame cannot allocate more.
public struct Decompressor: ~Copyable {
  private let context: OpaquePointer

  public init() throws(ZstdError) {
    // Fails only if memory is exhausted. A frame that asks for a huge window costs nothing, since frames are
    // decompressed whole.
    context = try Self.context()
  }

  private static func context() throws(ZstdError) -> OpaquePointer {
    guard let context = ZSTD_createDCtx() else { throw ZstdError(description: "out of memory") }
    return context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Decompresses all frames in `input` into `output`.
  ///
  /// - Returns: the number of bytes, at most `output.count`.
  /// - Throws: ``ZstdError/tooLarge`` if the content is larger, and libzstd's errors for damaged frames.
  public mutating func decompress(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(ZstdError) -> Int {
    let result = ZSTD_decompressDCtx(context, output.baseAddress, output.count, input.baseAddress, input.count)
    if ZSTD_isError(result) != 0, ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall { throw .tooLarge }
    return try ZstdError.check(result)
  }
}

/// An error of libzstd.
public struct ZstdError: Error, Sendable, CustomStringConvertible {
  public let description: String

  public static let tooLarge = ZstdError(description: "it holds more bytes than its manifest says")

  /// Returns the size that a libzstd function returned, or throws its error.
  static func check(_ result: Int) throws(ZstdError) -> Int {
    guard ZSTD_isError(result) == 0 else { throw ZstdError(description: String(cString: ZSTD_getErrorName(result))) }
    return result
  }
}
