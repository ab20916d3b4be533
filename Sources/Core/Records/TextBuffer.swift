/// A growing buffer for output: COPY text and JSON.
public struct TextBuffer: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  public private(set) var count = 0

  public init(capacity: Int = 1 << 18) {
    base = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { base.deallocate() }

  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  public mutating func removeAll() { count = 0 }

  /// Removes all bytes after the first `length`.
  mutating func truncate(to length: Int) { count = length }

  /// The position of the next byte, for a caller that has reserved space.
  @inline(__always)
  var end: UnsafeMutablePointer<UInt8> { base + count }

  /// Counts bytes that the caller has written at ``end``.
  @inline(__always)
  mutating func grew(by more: Int) { count += more }

  /// The bytes from `start` on.
  @inline(__always)
  func pointer(at start: Int) -> UnsafePointer<UInt8> { UnsafePointer(base + start) }

  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(more) }
  }

  private mutating func grow(_ more: Int) {
    capacity = max(capacity * 2, count + more)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count += 1
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    append(text.utf8Start, text.utf8CodeUnitCount)
  }

  mutating func append(_ text: String) {
    for byte in text.utf8 { append(byte) }
  }

  @inline(__always)
  mutating func append(_ from: UnsafePointer<UInt8>, _ length: Int) {
    reserve(length)
    (base + count).update(from: from, count: length)
    count += length
  }

  /// Appends a number in decimal.
  @inline(__always)
  mutating func append(decimal number: Int64) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    // The last digits come first: they are written two at a time, from the end of a 20-byte buffer, and copied from
    // there.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var first = 20
      while rest >= 100 {
        first -= 2
        Self.write(rest % 100, digits, first)
        rest /= 100
      }
      first -= 2
      Self.write(rest, digits, first)
      if rest < 10 { first += 1 }
      if let base = digits.baseAddress { append(base + first, 20 - first) }
    }
  }

  @inline(__always)
  private static func write(_ pair: UInt64, _ digits: UnsafeMutableBufferPointer<UInt8>, _ index: Int) {
    digits[index] = .zero + UInt8(truncatingIfNeeded: pair / 10)
    digits[index + 1] = .zero + UInt8(truncatingIfNeeded: pair % 10)
  }
}
