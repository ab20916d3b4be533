/// What load compares businesses by: SipHash-2-4 over a business's COPY row and those of its industries.
public enum ContentHash {
  /// Fixed keys: a content hash means the same on every machine. Another set of keys would be another rules version.
  private static var key: (UInt64, UInt64) { (0x7265_6769_7374_7279, 0x636f_6e74_656e_7431) }

  /// - Parameters:
  ///   - registration: the row of tax_registration, from the BAN to is_use_invoice, without a tab or line feed at its end.
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
