import ConsoleStore
import Digest
import Testing

struct PasswordHashTests {
  /// Test vectors of RFC 7914, section 12.
  @Test func scryptGivesTheKeysOfTheStandard() throws {
    let small = try #require(Scrypt(logCost: 4, blockSize: 1, parallelism: 1))
    #expect(hex(small.key(password: [], salt: [], byteCount: 64)).hasPrefix("77d6576238657b203b19ca42c18a0497"))
    let large = try #require(Scrypt(logCost: 10, blockSize: 8, parallelism: 16))
    let key = large.key(password: Array("password".utf8), salt: Array("NaCl".utf8), byteCount: 64)
    #expect(hex(key).hasPrefix("fdbabe1c9d3472007856e7190d01e9fe"))
    #expect(Scrypt(logCost: 20, blockSize: 8, parallelism: 1) == nil, "needs 1 GiB of memory")
  }

  private func hex(_ bytes: [UInt8]?) -> String {
    (bytes ?? []).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  @Test func aHashMatchesOnlyItsPassword() throws {
    let hash = try PasswordHash(password: "correct horse")
    #expect(hash.text.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
    #expect(hash.matches("correct horse"))
    #expect(!hash.matches("correct horsf"))
    #expect(!hash.matches(""))
    #expect(PasswordHash(stored: hash.text).matches("correct horse"))
    #expect(try PasswordHash(password: "correct horse") != hash, "each hash has its own salt")
  }

  @Test func anInvalidHashMatchesNoPassword() {
    for text in [
      "", "$scrypt$", "$scrypt$ln=15,r=8,p=3$AAAA$", "$scrypt$ln=99,r=8,p=3$AAAA$AAAA", "plain",
      "$scrypt$ln=15$AAAA$AAAA",
    ] {
      #expect(!PasswordHash(stored: text).matches(""))
      #expect(!PasswordHash(stored: text).matches("plain"))
    }
  }

  @Test func tooShortAndTooLongPasswordsAreRejected() {
    #expect(throws: ConsoleStoreError.passwordTooShort(least: 10)) { try PasswordHash(password: "密碼密碼密碼密碼密") }
    #expect(throws: ConsoleStoreError.passwordTooLong(most: 1024)) {
      try PasswordHash(password: String(repeating: "x", count: 1025))
    }
  }
}
