/// The dirty records of a snapshot and their places among the regular records.
struct DirtPlan: Sendable {
  struct Item: Sendable {
    let kind: DirtKind
    let variant: Variant
    /// Position among the dirty records of its kind, from 0.
    let ordinal: Int
    /// Index of the business that the record is made of. No regular record has its BAN.
    let index: Int
    /// Number of regular records before it, at least 1.
    let slot: Int
    /// The regular record that a duplicate repeats, counted from 0. It comes before the duplicate.
    let source: Int?
  }

  /// In the order of the file.
  let items: [Item]
  /// The regular records that duplicates repeat, in ascending order and each once.
  let sources: [Int]

  init(_ amounts: DirtAmounts, seed: UInt64, rows: Int) {
    var items: [Item] = []
    for kind in DirtKind.allCases where amounts[kind] > 0 {
      let variants = kind.variants
      for ordinal in 0..<amounts[kind] {
        let index = BANSpace.dirtStart + OrganisationMaker.stride * items.count
        var random = RandomSource(seed: seed, .dirt, index: index)
        // Never first, where a dirty record that looks like a stamp row would be read as one. A blank record is not
        // last either: without a final newline an empty line there would not be a line.
        let slot = 1 + random.below(kind == .blank ? rows - 1 : rows)
        let isDuplicate = kind == .duplicate
        let isNear = ordinal % 2 == 0
        items.append(
          Item(
            kind: kind, variant: variants[(isDuplicate ? ordinal / 2 : ordinal) % variants.count], ordinal: ordinal,
            index: index, slot: slot, source: isDuplicate ? (isNear ? slot - 1 : random.below(slot)) : nil))
      }
    }
    // A record that leaves a quote open goes last in its slot, because a regular record must follow. The place in the
    // list breaks ties, so that the order is the same on every machine.
    let order = items.indices.sorted {
      let (left, right) = (items[$0], items[$1])
      if left.slot != right.slot { return left.slot < right.slot }
      if left.variant.leavesQuoteOpen != right.variant.leavesQuoteOpen { return right.variant.leavesQuoteOpen }
      return $0 < $1
    }
    self.items = order.map { items[$0] }
    sources = items.compactMap(\.source).sorted().reduce(into: []) { unique, source in
      if unique.last != source { unique.append(source) }
    }
  }
}
