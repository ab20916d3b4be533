/// The city or county at the start of an address: three characters, the third 市 or 縣.
enum City {
  /// A Chinese character takes three bytes.
  static let bytes = 9

  /// Whether the text, which is well-formed UTF-8, begins with a city or county.
  @inline(__always)
  static func begins(_ text: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    guard count >= bytes, text[0] >> 4 == 0xE, text[3] >> 4 == 0xE else { return false }
    return isThird(text, 0xE5, 0xB8, 0x82) || isThird(text, 0xE7, 0xB8, 0xA3)
  }

  private static func isThird(_ text: UnsafePointer<UInt8>, _ a: UInt8, _ b: UInt8, _ c: UInt8) -> Bool {
    text[6] == a && text[7] == b && text[8] == c
  }

  /// Returns the name. The source writes 台 and 臺 for the same city; the name has 臺.
  static func name(_ text: UnsafePointer<UInt8>) -> String {
    let name = String(decoding: UnsafeBufferPointer(start: text, count: bytes), as: UTF8.self)
    return name.hasPrefix("台") ? "臺" + name.dropFirst() : name
  }
}

/// Counts accepted records by city or county. The source is sorted by address, so the city is nearly always the
/// previous one.
struct CityCounter {
  private var counts: [String: Int] = [:]
  private var current: [UInt8] = []
  private var pending = 0
  /// Maximum number of names that are counted in a chunk.
  private static let namesMax = 100

  @inline(__always)
  mutating func count(_ address: FieldValue, of base: UnsafePointer<UInt8>) {
    let text = base + address.span.start
    guard !address.isMissing, City.begins(text, address.span.count) else { return }
    if current.count != City.bytes || !isCurrent(text) {
      close()
      current = Array(UnsafeBufferPointer(start: text, count: City.bytes))
    }
    pending += 1
  }

  /// Returns the counts by city or county.
  mutating func finish() -> [String: Int] {
    close()
    return counts
  }

  mutating func removeAll() {
    counts.removeAll()
    current = []
    pending = 0
  }

  private mutating func close() {
    guard pending > 0 else { return }
    let name = current.withUnsafeBufferPointer { text in text.baseAddress.map { City.name($0) } ?? "" }
    // There are 22. A source with hundreds is not a registry, and its manifest must not grow with them.
    if counts[name] != nil || counts.count < Self.namesMax { counts[name, default: 0] += pending }
    pending = 0
  }

  private func isCurrent(_ text: UnsafePointer<UInt8>) -> Bool {
    for index in 0..<City.bytes where current[index] != text[index] { return false }
    return true
  }
}
