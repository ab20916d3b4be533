import Support

/// A business accounting number (統一編號): eight ASCII digits. Leading zeros are significant.
public struct BAN: Sendable, Hashable {
  public let text: String

  /// - Returns: nil unless the text is exactly eight ASCII digits.
  public init?(_ text: String) {
    guard BANText.parse(text) != nil else { return nil }
    self.text = text
  }

  /// Whether the check digit is right: the decimal digits of the products with 1,2,1,2,1,2,4,1 add up to a multiple of
  /// 5 (of 10 before 2023-04-01). If the seventh digit is 7, its product 28 → 10 counts as 1 or as 0. Source: Fiscal
  /// Information Agency, Ministry of Finance.
  public var hasRightCheckDigit: Bool {
    let digits = text.utf8.map { Int($0 - UInt8(ascii: "0")) }
    let sum = zip(digits, [1, 2, 1, 2, 1, 2, 4, 1]).map { digit, weight in
      let product = digit * weight
      return product / 10 + product % 10
    }.reduce(0, +)
    guard digits[6] == 7 else { return sum % 5 == 0 }
    // 7 × 4 = 28, whose digits add up to 10. It is 10 in `sum`, which equals 0 modulo 5.
    return sum % 5 == 0 || (sum + 1) % 5 == 0
  }
}

extension String {
  /// Whether it has only ASCII digits, and at least one.
  var isDigits: Bool { !utf8.isEmpty && utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } }

  /// The first text, in code point order, after all texts that begin with these digits: the end of an index range.
  var endOfPrefix: String {
    guard let last = unicodeScalars.last, let next = Unicode.Scalar(last.value + 1) else { return self }
    return String(unicodeScalars.dropLast()) + String(next)
  }
}
