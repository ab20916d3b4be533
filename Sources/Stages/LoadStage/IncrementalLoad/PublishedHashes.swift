/// BAN and content hash of every business in the registry, in a flat hash table of twelve bytes a slot. The whole
/// registry takes about thirty megabytes, and any number of threads can search it.
package struct PublishedHashes: Sendable {
  private var bans: [UInt32]
  private var hashes: [Int64]
  package private(set) var count = 0
  /// Malformed BANs. They were inserted by hand: no snapshot has them.
  package var invalidBANs: [String] = []
  /// Stored hashes of businesses whose present content has another hash. Empty unless the content was hashed again.
  package var edited: [UInt32: Int64] = [:]

  private static let free = UInt32.max

  /// - Parameter expected: the approximate number of businesses.
  package init(expected: Int) {
    let slots = max(1024, expected + expected / 2)
    bans = [UInt32](repeating: Self.free, count: slots)
    hashes = [Int64](repeating: 0, count: slots)
  }

  package var slots: Int { bans.count }

  package mutating func insert(_ ban: UInt32, _ hash: Int64) {
    if (count + 1) * 5 > bans.count * 4 { grow() }
    store(ban, hash)
    count += 1
  }

  /// The slot of a BAN, nil if it has none.
  package func slot(of ban: UInt32) -> Int? {
    var slot = start(ban)
    while bans[slot] != Self.free {
      if bans[slot] == ban { return slot }
      slot = slot + 1 == bans.count ? 0 : slot + 1
    }
    return nil
  }

  package func hash(at slot: Int) -> Int64 { hashes[slot] }

  /// Returns the BANs in slots that are not in `seen`.
  package func unseen(_ seen: SlotSet) -> [UInt32] {
    bans.indices.compactMap { bans[$0] == Self.free || seen.contains($0) ? nil : bans[$0] }
  }

  private mutating func store(_ ban: UInt32, _ hash: Int64) {
    var slot = start(ban)
    while bans[slot] != Self.free { slot = slot + 1 == bans.count ? 0 : slot + 1 }
    bans[slot] = ban
    hashes[slot] = hash
  }

  /// Multiplicative hashing, scaled to the table without a division.
  private func start(_ ban: UInt32) -> Int {
    let mixed = ban &* 2_654_435_769
    return Int((UInt64(mixed) * UInt64(bans.count)) >> 32)
  }

  private mutating func grow() {
    let (oldBans, oldHashes) = (bans, hashes)
    bans = [UInt32](repeating: Self.free, count: oldBans.count * 2)
    hashes = [Int64](repeating: 0, count: oldBans.count * 2)
    for (ban, hash) in zip(oldBans, oldHashes) where ban != Self.free { store(ban, hash) }
  }
}

/// A set of slots in the table, one bit each.
package struct SlotSet: Sendable {
  private var words: [UInt64]

  package init(slots: Int) { words = [UInt64](repeating: 0, count: (slots + 63) / 64) }

  package mutating func insert(_ slot: Int) { words[slot >> 6] |= 1 << UInt64(slot & 63) }

  package func contains(_ slot: Int) -> Bool { words[slot >> 6] & (1 << UInt64(slot & 63)) != 0 }
}
