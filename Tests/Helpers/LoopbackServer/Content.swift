/// The bytes of a file: given, or a block over and over (gigabytes of zeros cost no memory).
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

  /// All of it, in memory.
  public var bytes: [UInt8] { (0..<count).map { block[$0 % block.count] } }

  public static func zeros(_ count: Int) -> Content { repeating([0], count: count) }

  /// The block, over and over, `count` bytes in all.
  public static func repeating(_ block: [UInt8], count: Int) -> Content {
    precondition(!block.isEmpty && count >= 0)
    // A longer block makes larger pieces.
    let copies = max(1, (64 << 10) / block.count)
    return Content(block: Array(repeatElement(block, count: copies).joined()), count: count)
  }

  /// At most `limit` bytes from `offset`, at least one if there is one.
  func piece(at offset: Int, limit: Int) -> ArraySlice<UInt8> {
    guard offset < count, limit > 0 else { return [] }
    let start = offset % block.count
    return block[start..<min(block.count, start + min(limit, count - offset))]
  }
}
