import CLibCrypto

/// Derives keys from passwords (RFC 7914), with libcrypto.
public struct Scrypt: Sendable, Equatable {
  /// Binary logarithm of the cost parameter.
  public let logCost: Int
  /// The block size parameter; memory is `128 × blockSize × 2^logCost` bytes.
  public let blockSize: Int
  /// The parallelization parameter.
  public let parallelism: Int

  /// - Returns: nil if a parameter is out of range or more than 256 MiB of memory would be needed.
  public init?(logCost: Int, blockSize: Int, parallelism: Int) {
    guard 1...20 ~= logCost, 1...32 ~= blockSize, 1...16 ~= parallelism, 128 * blockSize << logCost <= 256 << 20 else {
      return nil
    }
    self.logCost = logCost
    self.blockSize = blockSize
    self.parallelism = parallelism
  }

  /// Derives a key.
  ///
  /// - Returns: nil if there is not enough memory.
  public func key(password: [UInt8], salt: [UInt8], byteCount: Int = 32) -> [UInt8]? {
    let password = password.map { CChar(bitPattern: $0) }
    var key = [UInt8](repeating: 0, count: byteCount)
    let done = EVP_PBE_scrypt(
      password, password.count, salt, salt.count, 1 << UInt64(logCost), UInt64(blockSize), UInt64(parallelism),
      512 << 20, &key, key.count)
    return done == 1 ? key : nil
  }
}

/// Compares two secrets. The time does not depend on where they differ.
public func isEqualInConstantTime(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  guard one.count == other.count else { return false }
  return CRYPTO_memcmp(one, other, one.count) == 0
}
