/// Sorts the businesses of a day by area, and within an area by address.
///
/// Areas are in order by construction, so only one area's addresses are in memory at a time.
struct AddressOrder {
  struct Entry {
    let index: Int32
    let start: Int32
    let count: Int32
  }

  private let registry: Registry
  private let population: Population
  /// Indices of all open businesses, area by area.
  private var indices: [Int32]
  /// Where each area begins in `indices`, and the end of the last.
  private var starts: [Int]

  init(_ registry: Registry, _ population: Population) {
    self.registry = registry
    self.population = population
    starts = [Int](repeating: 0, count: registry.addresses.areas.count + 1)
    indices = [Int32](repeating: 0, count: population.open)
    // A counting sort. Computing the area of a business twice costs less than the memory to keep it.
    for index in 0..<population.created {
      guard let revisions = population.revisions(index) else { continue }
      starts[registry.addresses.area(of: index, revision: Int(revisions.address)) + 1] += 1
    }
    for area in 1..<starts.count { starts[area] += starts[area - 1] }
    var ends = starts
    for index in 0..<population.created {
      guard let revisions = population.revisions(index) else { continue }
      let area = registry.addresses.area(of: index, revision: Int(revisions.address))
      indices[ends[area]] = Int32(index)
      ends[area] += 1
    }
  }

  /// Returns the businesses of one area, sorted by their addresses' UTF-8, then by index. Writes the addresses to
  /// `addresses`, to which the entries refer.
  func entries(ofArea area: Int, addresses: inout [UInt8]) -> [Entry] {
    addresses.removeAll(keepingCapacity: true)
    var entries: [Entry] = []
    entries.reserveCapacity(starts[area + 1] - starts[area])
    for index in indices[starts[area]..<starts[area + 1]] {
      let start = addresses.count
      let revision = population.revisions(Int(index))?.address ?? 0
      registry.addresses.append(Int(index), revision: Int(revision), to: &addresses)
      entries.append(Entry(index: index, start: Int32(start), count: Int32(addresses.count - start)))
    }
    let shared = registry.addresses.areas[area].text.count
    addresses.withUnsafeBufferPointer { bytes in
      entries.sort { left, right in
        let leftText = bytes[Int(left.start) + shared..<Int(left.start + left.count)]
        let rightText = bytes[Int(right.start) + shared..<Int(right.start + right.count)]
        for (leftByte, rightByte) in zip(leftText, rightText) where leftByte != rightByte {
          return leftByte < rightByte
        }
        return leftText.count != rightText.count ? leftText.count < rightText.count : left.index < right.index
      }
    }
    return entries
  }

  var areaCount: Int { starts.count - 1 }
}
