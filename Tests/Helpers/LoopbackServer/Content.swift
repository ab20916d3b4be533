/// The bytes of a file: given, or a repeated block (gigabytes of zeros need no memory).
public struct Content: Sendable {
  private let block: [UInt8]
  public let count: Int

  public init(_ bytes: some Sequence<UInt8>) {
    block = Array(bytes)
    count = block.count
  }

  public init(_ text: String) {
    self.init(text.utf8)
  }

  private init(block: [UInt8], count: Int) {
    self.block = block
    self.count = count
  }

  /// All bytes, in memory.
  public var bytes: [UInt8] { (0..<count).map { block[$0 % block.count] } }

  public static func zeros(_ count: Int) -> Content { repeating([0], count: count) }

  /// Returns the block repeated up to `count` bytes.
  public static func repeating(_ block: [UInt8], count: Int) -> Content {
    precondition(!block.isEmpty && count >= 0)
    // A longer block allows larger pieces.
    let copies = max(1, (64 << 10) / block.count)
    return Content(block: Array(repeatElement(block, count: copies).joined()), count: count)
  }

  /// Returns at most `limit` bytes from `offset`, and at least one unless the end is reached.
  func piece(at offset: Int, limit: Int) -> ArraySlice<UInt8> {
    guard offset < count, limit > 0 else { return [] }
    let start = offset % block.count
    return block[start..<min(block.count, start + min(limit, count - offset))]
  }
}
