/// 資本額: `1000`, `1,000`, either with `.0`; at most 2^63−1.
enum Capital {
  /// - Returns: nil if the bytes are not such an amount.
  static func amount(_ base: UnsafePointer<UInt8>, _ span: ByteRange) -> Int64? {
    var end = span.end
    var index = span.start
    // A fraction of zeros is ignored; any other amount is not whole.
    if let point = (span.start..<span.end).first(where: { base[$0] == UInt8(ascii: ".") }) {
      guard point + 1 < end, (point + 1..<end).allSatisfy({ base[$0] == .zero }) else { return nil }
      end = point
    }
    guard index < end else { return nil }
    if let comma = (index..<end).first(where: { base[$0] == .comma }) {
      // One to three digits, then groups of exactly three.
      guard comma > index, comma - index <= 3, (end - comma) % 4 == 0 else { return nil }
      for place in comma..<end where (base[place] == .comma) != ((place - comma) % 4 == 0) { return nil }
    }
    var amount: Int64 = 0
    while index < end {
      let byte = base[index]
      index += 1
      if byte == .comma { continue }
      guard byte.digit <= 9 else { return nil }
      let (tenfold, over) = amount.multipliedReportingOverflow(by: 10)
      let (sum, more) = tenfold.addingReportingOverflow(Int64(byte.digit))
      guard !over, !more else { return nil }
      amount = sum
    }
    return amount
  }
}
