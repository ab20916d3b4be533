import CBlocks

/// Lines of bytes.
public enum Lines {
  /// How many line feeds there are.
  public static func count(_ bytes: Bytes) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    var count = 0
    var index = 0
    while index + 64 <= bytes.count {
      count += registry_line_feeds(base + index).nonzeroBitCount
      index += 64
    }
    while index < bytes.count {
      if base[index] == .lineFeed { count += 1 }
      index += 1
    }
    return count
  }
}
