/// Eight bytes at a time: what a byte is asked, asked of eight at once (after "Bit Twiddling Hacks", Sean Anderson).
enum Word {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highBits: UInt64 = 0x8080_8080_8080_8080

  /// Not 0 where one of the bytes at least is less than `bound`, which is at most 128.
  @inline(__always)
  static func bytes(of word: UInt64, below bound: UInt8) -> UInt64 {
    (word &- ones &* UInt64(bound)) & ~word & highBits
  }

  /// Not 0 where one of the bytes at least is `byte`.
  @inline(__always)
  static func bytes(of word: UInt64, equalTo byte: UInt8) -> UInt64 {
    bytes(of: word ^ (ones &* UInt64(byte)), below: 1)
  }
}
