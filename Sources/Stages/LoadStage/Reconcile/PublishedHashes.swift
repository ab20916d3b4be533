/// BAN and content hash of every business in the registry: twelve bytes a place in one flat table, so that the whole
/// registry fits into some thirty megabytes and is searched from any number of threads.
package struct PublishedHashes: Sendable {
  private var bans: [UInt32]
  private var hashes: [Int64]
  package private(set) var count = 0
  /// BANs that are none. Only a hand can have put them there; no snapshot has them.
  package var misfits: [String] = []
  /// Where hashes were made anew: the ones that were stored, of businesses whose content is another by now.
  package var edited: [UInt32: Int64] = [:]

  private static let free = UInt32.max

  /// - Parameter expected: how many businesses there will be, about.
  package init(expected: Int) {
    let places = max(1024, expected + expected / 2)
    bans = [UInt32](repeating: Self.free, count: places)
    hashes = [Int64](repeating: 0, count: places)
  }

  package var places: Int { bans.count }

  package mutating func insert(_ ban: UInt32, _ hash: Int64) {
    if (count + 1) * 5 > bans.count * 4 { grow() }
    put(ban, hash)
    count += 1
  }

  /// Where the BAN stands, nil where it does not.
  package func place(of ban: UInt32) -> Int? {
    var place = start(ban)
    while bans[place] != Self.free {
      if bans[place] == ban { return place }
      place = place + 1 == bans.count ? 0 : place + 1
    }
    return nil
  }

  package func hash(at place: Int) -> Int64 { hashes[place] }

  /// BANs at places that are not marked.
  package func unseen(_ seen: PlaceSet) -> [UInt32] {
    bans.indices.compactMap { bans[$0] == Self.free || seen.contains($0) ? nil : bans[$0] }
  }

  private mutating func put(_ ban: UInt32, _ hash: Int64) {
    var place = start(ban)
    while bans[place] != Self.free { place = place + 1 == bans.count ? 0 : place + 1 }
    bans[place] = ban
    hashes[place] = hash
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
    for (ban, hash) in zip(oldBans, oldHashes) where ban != Self.free { put(ban, hash) }
  }
}

/// A set of places in the table, a bit each.
package struct PlaceSet: Sendable {
  private var words: [UInt64]

  package init(places: Int) { words = [UInt64](repeating: 0, count: (places + 63) / 64) }

  package mutating func insert(_ place: Int) { words[place >> 6] |= 1 << UInt64(place & 63) }

  package func contains(_ place: Int) -> Bool { words[place >> 6] & (1 << UInt64(place & 63)) != 0 }
}
