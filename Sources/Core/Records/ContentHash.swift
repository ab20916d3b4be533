/// The hash by which load compares businesses: SipHash-2-4 over a business's COPY row and those of its industries.
public enum ContentHash {
  /// Fixed keys: a content hash means the same on every machine. Other keys would need another rules version.
  private static var key: (UInt64, UInt64) { (0x7265_6769_7374_7279, 0x636f_6e74_656e_7431) }

  /// - Parameters:
  ///   - registration: the row of tax_registration, the columns of ``StoredColumn/all``, without a tab or line feed at
  ///     its end.
  ///   - industries: the rows of business_industry in the order of their slots, each with its line feed.
  public static func of(registration: UnsafeRawBufferPointer, industries: UnsafeRawBufferPointer) -> Int64 {
    of(
      registration.bindMemory(to: UInt8.self).baseAddress, registration.count,
      industries.bindMemory(to: UInt8.self).baseAddress, industries.count)
  }

  @inline(__always)
  static func of(
    _ registration: UnsafePointer<UInt8>?, _ registrationBytes: Int, _ industries: UnsafePointer<UInt8>?,
    _ industriesBytes: Int
  ) -> Int64 {
    var none: UInt8 = 0
    return withUnsafePointer(to: &none) { none in
      let own = SipHash.hash(registration ?? none, registrationBytes, key: key.0, key.1)
      let all = SipHash.hash(industries ?? none, industriesBytes, key: own, key.1)
      return Int64(bitPattern: all)
    }
  }
}

/// SipHash-2-4 (Aumasson, Bernstein 2012): the content hash of a registration. 64 bits are enough to tell apart the
/// versions of one BAN. The keys are fixed so that equal content has an equal hash on every machine and every day.
enum SipHash {
  static func hash(_ base: UnsafeRawPointer, _ count: Int, key k0: UInt64, _ k1: UInt64) -> UInt64 {
    var v0 = k0 ^ 0x736f_6d65_7073_6575
    var v1 = k1 ^ 0x646f_7261_6e64_6f6d
    var v2 = k0 ^ 0x6c79_6765_6e65_7261
    var v3 = k1 ^ 0x7465_6462_7974_6573

    @inline(__always) func round() {
      v0 = v0 &+ v1
      v1 = (v1 << 13 | v1 >> 51) ^ v0
      v0 = v0 << 32 | v0 >> 32
      v2 = v2 &+ v3
      v3 = (v3 << 16 | v3 >> 48) ^ v2
      v0 = v0 &+ v3
      v3 = (v3 << 21 | v3 >> 43) ^ v0
      v2 = v2 &+ v1
      v1 = (v1 << 17 | v1 >> 47) ^ v2
      v2 = v2 << 32 | v2 >> 32
    }

    let whole = count & ~7
    var offset = 0
    while offset < whole {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      v3 ^= word
      round()
      round()
      v0 ^= word
      offset += 8
    }
    var last = UInt64(truncatingIfNeeded: count) << 56
    for index in whole..<count {
      last |= UInt64(base.load(fromByteOffset: index, as: UInt8.self)) << UInt64(8 * (index - whole))
    }
    v3 ^= last
    round()
    round()
    v0 ^= last
    v2 ^= 0xff
    round()
    round()
    round()
    round()
    return v0 ^ v1 ^ v2 ^ v3
  }
}
