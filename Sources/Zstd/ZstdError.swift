import CLibZstd

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
