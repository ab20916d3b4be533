/// The city or county that an address begins with: three characters, the third 市 or 縣.
enum City {
  /// A character of Chinese takes three bytes.
  static let bytes = 9

  /// Whether the text begins with one. It is well-formed UTF-8.
  @inline(__always)
  static func begins(_ text: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    guard count >= bytes, text[0] >> 4 == 0xE, text[3] >> 4 == 0xE else { return false }
    return isThird(text, 0xE5, 0xB8, 0x82) || isThird(text, 0xE7, 0xB8, 0xA3)
  }

  private static func isThird(_ text: UnsafePointer<UInt8>, _ a: UInt8, _ b: UInt8, _ c: UInt8) -> Bool {
    text[6] == a && text[7] == b && text[8] == c
  }

  /// Its name. The source writes 台 and 臺 for one another: the city is one.
  static func name(_ text: UnsafePointer<UInt8>) -> String {
    let name = String(decoding: UnsafeBufferPointer(start: text, count: bytes), as: UTF8.self)
    return name.hasPrefix("台") ? "臺" + name.dropFirst() : name
  }
}

/// Accepted records by city or county. The source is sorted by address: the city is nearly always the one before.
struct CityCounter {
  private var counts: [String: Int] = [:]
  private var current: [UInt8] = []
  private var pending = 0
  /// No more names are counted in a chunk.
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

  /// City → count.
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
    // There are 22. A source that has hundreds is no registry, and its manifest must not grow with it.
    if counts[name] != nil || counts.count < Self.namesMax { counts[name, default: 0] += pending }
    pending = 0
  }

  private func isCurrent(_ text: UnsafePointer<UInt8>) -> Bool {
    for index in 0..<City.bytes where current[index] != text[index] { return false }
    return true
  }
}
