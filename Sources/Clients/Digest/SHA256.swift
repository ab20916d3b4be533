import CLibCrypto

/// Computes SHA-256 digests with libcrypto, which uses the processor's SHA instructions if it has them.
public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  public init() {
    // It only allocates a few hundred bytes, and Swift itself ends a process that has no memory: no caller could continue.
    guard let context = EVP_MD_CTX_new() else { fatalError("libcrypto has no memory for SHA-256") }
    self.context = context
    Self.require(EVP_DigestInit_ex(context, EVP_sha256(), nil))
  }

  /// Ends the process on an error. The arguments are valid here, since the context exists until `deinit` and is
  /// initialised first. So the two possible causes are no memory for a few hundred bytes and a libcrypto without SHA-256;
  /// a caller can handle neither. Continuing with a wrong digest would be worse: whole files would count as damaged, and
  /// damaged ones as whole.
  private static func require(_ result: Int32) {
    guard result == 1 else { fatalError("libcrypto offers no SHA-256") }
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Returns a copy that continues from the current state.
  public func copy() -> SHA256 {
    let other = SHA256()
    Self.require(EVP_MD_CTX_copy_ex(other.context, context))
    return other
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    Self.require(EVP_DigestUpdate(context, base, bytes.count))
  }

  public mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// Returns the digest of all bytes so far, as 64 lower-case hexadecimal digits, and starts a new digest.
  public mutating func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    Self.require(EVP_DigestFinal_ex(context, &digest, nil))
    Self.require(EVP_DigestInit_ex(context, EVP_sha256(), nil))
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Returns the digest of one buffer.
  public static func of(_ bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  public static func of(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { of($0) } }
}
