/// One bit for each of the hundred million BANs that can be: 12.5 MB, whatever the size of the registry.
struct BANBitmap {
  private var words = [UInt64](repeating: 0, count: 100_000_000 / 64)

  /// - Returns: whether it was not there before.
  mutating func insert(_ ban: UInt32) -> Bool {
    let bit: UInt64 = 1 << UInt64(ban % 64)
    let word = Int(ban / 64)
    if words[word] & bit != 0 { return false }
    words[word] |= bit
    return true
  }
}
