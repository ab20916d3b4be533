/// The BAN that stands legibly in a record that the rules rejected: by it a business that the source has, only badly
/// written, is told from one that is gone.
public enum LegibleBAN {
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
      return BAN.number(base, Value(base, scanner.fields[header.fieldOf[Column.ban.rawValue]]).span)
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
      if let number = BAN.number(base, bare(base, Span(start: start, end: index))) {
        if first != nil || !followsHeadquarters { return number }
        first = number
      }
      start = index + 1
    }
    return first
  }

  /// Without white space and quotes around it, in whatever order they stand.
  private static func bare(_ base: UnsafePointer<UInt8>, _ span: Span) -> Span {
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
