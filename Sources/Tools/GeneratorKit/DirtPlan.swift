/// Where dirt goes: which record, behind how many regular ones.
struct DirtPlan: Sendable {
  struct Item: Sendable {
    let kind: DirtKind
    let variant: Variant
    /// How many dirty records of its kind come before it in the list of all.
    let ordinal: Int
    /// The business the record is made of; no regular one has its number.
    let index: Int
    /// Regular records in front of it, at least one.
    let slot: Int
    /// The regular record that a duplicate repeats, counted from 0; it stands before it.
    let source: Int?
  }

  /// In the order of the file.
  let items: [Item]
  /// The records that far duplicates repeat, in ascending order and each once.
  let sources: [Int]

  init(_ amounts: DirtAmounts, seed: UInt64, rows: Int) {
    var items: [Item] = []
    for kind in DirtKind.allCases where amounts[kind] > 0 {
      let variants = kind.variants
      for ordinal in 0..<amounts[kind] {
        let index = BANSpace.dirtStart + OrganisationMaker.stride * items.count
        var random = RandomSource(seed: seed, .dirt, index: index)
        // Never in front, where a stamp row would be one. Blank ones not at the end either: without a final newline
        // an empty line there is no line.
        let slot = 1 + random.below(kind == .blank ? rows - 1 : rows)
        let isDuplicate = kind == .duplicate
        let isNear = ordinal % 2 == 0
        items.append(
          Item(
            kind: kind, variant: variants[(isDuplicate ? ordinal / 2 : ordinal) % variants.count], ordinal: ordinal,
            index: index, slot: slot, source: isDuplicate ? (isNear ? slot - 1 : random.below(slot)) : nil))
      }
    }
    // An open quote goes last in its slot: a regular record has to follow. The place in the list breaks ties, so that
    // the order is one on every machine.
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
