import CBlocks

package enum LineFeeds {
  /// How many line feeds there are, 64 bytes at a time.
  package static func count(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
    var count = 0
    var index = 0
    while index + 64 <= bytes.count {
      count += registry_line_feeds(base + index).nonzeroBitCount
      index += 64
    }
    while index < bytes.count {
      if base[index] == 0x0A { count += 1 }
      index += 1
    }
    return count
  }
}
