import Support

/// The business accounting number (統一編號): eight ASCII digits.
enum BANRules {
  /// The number, or nil where the bytes are not exactly eight digits.
  @inline(__always)
  static func number(_ base: UnsafePointer<UInt8>, _ span: ByteRange) -> UInt32? {
    span.count == 8 ? BANText.parse(UnsafeRawBufferPointer(start: base + span.start, count: 8)) : nil
  }

  /// Whether the check digit is right: the decimal digits of the products with 1,2,1,2,1,2,4,1 add up to a multiple
  /// of 5 (of 10 before 2023-04-01). Where the seventh digit is 7 its product 28 → 10 counts as 1 or as 0.
  static func checks(_ digits: UnsafePointer<UInt8>) -> Bool {
    // The digit sum of twice a digit is 2d, less 9 from five on; of four times seven it is 10, of the others the digits
    // of the product.
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

/// The BAN that stands legibly in a record that the rules rejected: by it a business that the source has, only badly
/// written, is told from one that is gone.
public enum BANExtractor {
  /// - Where the record has as many fields as the header, it is the field 統一編號, if that is exactly eight ASCII digits.
  /// - Where it has not, or its structure is broken, no field can be trusted to be where it should: it is the first piece
  ///   between commas that is exactly eight ASCII digits once white space and quotes around it are taken away. (As
  ///   published, the BAN stands before all others that may have eight digits.) Where the header has 總機構統一編號 before
  ///   統一編號, it is the second such piece, or the only one.
  ///
  /// - Parameter raw: the record's bytes, as the finding keeps them.
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

  /// Without white space and quotes around it, in whatever order they stand.
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
