import Digest
import FoundationEssentials

/// The stored hash of a password: salted scrypt as `$scrypt$ln=15,r=8,p=3$<salt>$<key>` (the PHC string format). It
/// includes the cost, so the cost of new hashes can be raised while old ones stay valid.
public struct PasswordHash: Sendable, Equatable {
  /// The hash in the PHC string format.
  public let text: String

  /// The least length in characters. Length matters more than the kinds of characters (NIST SP 800-63B).
  public static let leastCharacters = 10
  /// The greatest length in bytes, which bounds the work of hashing.
  public static let mostBytes = 1024

  /// Creates a value from a stored hash, valid or not.
  public init(stored: String) { text = stored }

  /// Hashes a new password. This takes 32 MiB of memory and a little more than a tenth of a second.
  public init(password: String) throws(ConsoleStoreError) {
    guard password.unicodeScalars.count >= Self.leastCharacters else {
      throw .passwordTooShort(least: Self.leastCharacters)
    }
    guard password.utf8.count <= Self.mostBytes else { throw .passwordTooLong(most: Self.mostBytes) }
    guard let cost = Scrypt(logCost: 15, blockSize: 8, parallelism: 3) else { throw .noMemory }
    let salt = RandomBytes.make(16)
    guard let key = cost.key(password: Array(password.utf8), salt: salt) else { throw .noMemory }
    text =
      "$scrypt$ln=\(cost.logCost),r=\(cost.blockSize),p=\(cost.parallelism)$\(Base64.encode(salt))$\(Base64.encode(key))"
  }

  /// Whether the password is right. A malformed hash matches no password.
  public func matches(_ password: String) -> Bool {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[1] == "scrypt", password.utf8.count <= Self.mostBytes,
      let cost = Self.cost(parts[2]), let salt = Base64.decode(parts[3]), let key = Base64.decode(parts[4]),
      key.count >= 16,
      let found = cost.key(password: Array(password.utf8), salt: salt, byteCount: key.count)
    else { return false }
    return isEqualInConstantTime(found, key)
  }

  private static func cost(_ text: Substring) -> Scrypt? {
    var values: [Substring: Int] = [:]
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=")
      guard pair.count == 2, let value = Int(pair[1]) else { return nil }
      values[pair[0]] = value
    }
    guard let logCost = values["ln"], let blockSize = values["r"], let parallelism = values["p"] else { return nil }
    return Scrypt(logCost: logCost, blockSize: blockSize, parallelism: parallelism)
  }
}

/// Base64 without padding, as in the PHC string format.
enum Base64 {
  static func encode(_ bytes: [UInt8]) -> String {
    let text = Data(bytes).base64EncodedString()
    return String(text.prefix { $0 != "=" })
  }

  static func decode(_ text: Substring) -> [UInt8]? {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Data(base64Encoded: String(text) + padding).map { Array($0) }
  }
}
