import Support

/// The business accounting number (統一編號): eight ASCII digits.
enum BANRules {
  /// Returns the number, or nil if the bytes are not exactly eight digits.
  @inline(__always)
  static func number(_ base: UnsafePointer<UInt8>, _ span: ByteRange) -> UInt32? {
    span.count == 8 ? BANText.parse(UnsafeRawBufferPointer(start: base + span.start, count: 8)) : nil
  }

  /// Whether the check digit is correct: the decimal digits of the products with 1,2,1,2,1,2,4,1 add up to a multiple
  /// of 5 (of 10 before 2023-04-01). If the seventh digit is 7, its product 28 → 10 counts as 1 or as 0.
  static func checks(_ digits: UnsafePointer<UInt8>) -> Bool {
    // The digit sum of 2d is 2d, or 2d - 9 from 5 on. The digit sum of 4d is that of the product; 7 is treated below.
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

/// Finds the BAN in a rejected record. It tells a business that the source has, with errors, from one that is gone.
public enum BANExtractor {
  /// Returns the BAN, or nil if none can be read:
  ///
  /// - If the record has as many fields as the header, the BAN is the field 統一編號, if that is exactly eight ASCII digits.
  /// - Otherwise, or if the structure is broken, fields may be shifted. The BAN is then the first piece between commas
  ///   that is exactly eight ASCII digits without the white space and quotes around it. (As published, the BAN comes
  ///   before all other fields that may have eight digits.) If the header has 總機構統一編號 before 統一編號, the BAN is the
  ///   second such piece, or the only one.
  ///
  /// - Parameter raw: the record's bytes, as stored in the finding.
  public static func of(_ raw: Bytes, header: Header, scanner: inout RecordScanner) -> UInt32? {
    guard let base = raw.baseAddress, !raw.isEmpty else { return nil }
    let record = scanner.scan(raw, from: 0, isFinal: true)
    if record.outcome == .fields, record.next == raw.count, scanner.fieldCount == header.names.count {
      return BANRules.number(base, FieldValue(base, scanner.fields[header.fieldOf[Column.ban.rawValue]]).span)
    }
    let headquarters = header.fieldOf[Column.headquarters.rawValue]
    let follows = headquarters >= 0 && headquarters < header.fieldOf[Column.ban.rawValue]
    return amongPieces(base, raw.count, followsHeadquarters: follows)
  }

  private static func amongPieces(
    _ base: UnsafePointer<UInt8>, _ count: Int, followsHeadquarters: Bool
  ) -> UInt32? {
    var first: UInt32?
    var start = 0
    for index in 0...count where index == count || base[index] == .comma {
      if let number = BANRules.number(base, bare(base, ByteRange(start: start, end: index))) {
        if first != nil || !followsHeadquarters { return number }
        first = number
      }
      start = index + 1
    }
    return first
  }

  /// Removes white space and quotes at both ends, in any order.
  private static func bare(_ base: UnsafePointer<UInt8>, _ span: ByteRange) -> ByteRange {
    var span = span
    while true {
      let before = span
      span = Trim.trim(base, span)
      while !span.isEmpty, base[span.start] == .quote { span.start += 1 }
      while !span.isEmpty, base[span.end - 1] == .quote { span.end -= 1 }
      if span == before { return span }
    }
  }
}
