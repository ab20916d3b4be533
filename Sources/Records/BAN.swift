import Support

/// The business accounting number (統一編號): eight ASCII digits.
enum BAN {
  /// The number, or nil where the bytes are not exactly eight digits.
  @inline(__always)
  static func number(_ base: UnsafePointer<UInt8>, _ span: Span) -> UInt32? {
    span.count == 8 ? BANText.parse(UnsafeRawBufferPointer(start: base + span.start, count: 8)) : nil
  }

  /// Whether the check digit is right: the decimal digits of the products with 1,2,1,2,1,2,4,1 add up to a multiple
  /// of 5 (of 10 before 2023-04-01). Where the seventh digit is 7 its product 28 → 10 counts as 1 or as 0.
  static func checks(_ digits: UnsafePointer<UInt8>) -> Bool {
    // The digit sum of twice a digit is 2d, less 9 from five on; of four times seven it is 10, of the others the digits of the product.
    func twice(_ digit: UInt8) -> Int { Int(digit < 5 ? 2 * digit : 2 * digit - 9) }
    func fourfold(_ digit: UInt8) -> Int {
      let product = Int(digit) * 4
      return product / 10 + product % 10
    }
    let d = digits
    let rest =
      Int(d[0].digit) + twice(d[1].digit) + Int(d[2].digit) + twice(d[3].digit) + Int(d[4].digit) + twice(d[5].digit)
      + Int(d[7].digit)
    guard d[6].digit == 7 else { return (rest + fourfold(d[6].digit)) % 5 == 0 }
    return rest % 5 == 0 || (rest + 1) % 5 == 0
  }
}
