import CSupport

/// Finds the delimiters of fields and records, 64 bytes at a time.
struct Delimiters {
  private let base: UnsafePointer<UInt8>
  private let count: Int
  /// Offset of the block that ``found`` describes.
  private var block: Int
  /// A bit for each byte of the block, 1 for a delimiter; the first byte's is the lowest.
  private var found: UInt64 = 0

  @inline(__always)
  init(_ base: UnsafePointer<UInt8>, count: Int, from start: Int) {
    self.base = base
    self.count = count
    block = start
    scanBlock()
  }

  /// Returns the offset of the first quote, comma, line feed or carriage return from `index` on; `bound` if there is
  /// none before it. `index` must not decrease from call to call.
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
