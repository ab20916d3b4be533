/// Accepted BANs: an open-addressing table of the numbers, four bytes each.
public struct BANSet: Sendable {
  private static let empty = UInt32.max
  private var slots: [UInt32]
  private var mask: Int
  public private(set) var count = 0

  public init(capacity: Int = 1 << 16) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = [UInt32](repeating: Self.empty, count: size)
    mask = size - 1
  }

  /// - Returns: false if it was in the set before.
  public mutating func insert(_ ban: UInt32) -> Bool {
    if count * 2 >= slots.count { grow() }
    var slot = Self.home(ban, mask)
    while slots[slot] != Self.empty {
      if slots[slot] == ban { return false }
      slot = (slot + 1) & mask
    }
    slots[slot] = ban
    count += 1
    return true
  }

  public func contains(_ ban: UInt32) -> Bool {
    var slot = Self.home(ban, mask)
    while slots[slot] != Self.empty {
      if slots[slot] == ban { return true }
      slot = (slot + 1) & mask
    }
    return false
  }

  /// Calls `body` with each BAN, in no particular order.
  public func forEachBAN(_ body: (UInt32) -> Void) {
    for ban in slots where ban != Self.empty { body(ban) }
  }

  public mutating func removeAll() {
    for index in slots.indices { slots[index] = Self.empty }
    count = 0
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt32](repeating: Self.empty, count: old.count * 2)
    mask = slots.count - 1
    count = 0
    for ban in old where ban != Self.empty { _ = insert(ban) }
  }

  @inline(__always)
  private static func home(_ ban: UInt32, _ mask: Int) -> Int {
    Int(truncatingIfNeeded: (UInt64(ban) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }
}
