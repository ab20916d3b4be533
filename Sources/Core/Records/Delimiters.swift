import CSupport

/// Finds the bytes that part fields and records, 64 at a time.
struct Delimiters {
  private let base: UnsafePointer<UInt8>
  private let count: Int
  /// Offset of the bytes that ``found`` is about.
  private var block: Int
  /// A bit for each delimiter among them, the first byte's the lowest.
  private var found: UInt64 = 0

  @inline(__always)
  init(_ base: UnsafePointer<UInt8>, count: Int, from start: Int) {
    self.base = base
    self.count = count
    block = start
    scanBlock()
  }

  /// The offset of the first quote, comma, line feed or carriage return at `index` or behind it; `bound` where there is
  /// none before. Offsets asked for never go back.
  @inline(__always)
  mutating func next(from index: Int, before bound: Int) -> Int {
    guard index < bound else { return bound }
    if index - block >= 64 {
      block = index
      scanBlock()
    }
    var rest = found & (UInt64.max << UInt64(index - block))
    while rest == 0 {
      block += 64
      guard block < bound else { return bound }
      scanBlock()
      rest = found
    }
    return min(block + rest.trailingZeroBitCount, bound)
  }

  @inline(__always)
  private mutating func scanBlock() {
    if block + 64 <= count { found = registry_delimiters(base + block) } else { scanTail() }
  }

  private mutating func scanTail() {
    found = 0
    var index = count
    while index > block {
      index -= 1
      let byte = base[index]
      let isOne = byte == .comma || byte == .quote || byte == .lineFeed || byte == .carriageReturn
      found = found << 1 | (isOne ? 1 : 0)
    }
  }
}
