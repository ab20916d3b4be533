/// The row behind the header that says the file's date and is no record: `01-SEP-26,,,,,,,,,,,,,,,`.
enum StampRow {
  private static let months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    .map { Array($0.utf8) }

  /// Whether the record just scanned has a value in its first field and in no other.
  static func isAlone(_ base: UnsafePointer<UInt8>, _ scanner: borrowing RecordScanner) -> Bool {
    for index in 1..<max(1, scanner.fieldCount) where !Value(base, scanner.fields[index]).isMissing { return false }
    return !Value(base, scanner.fields[0]).isMissing
  }

  /// The first field's date (ISO 8601), or nil if it is not a date.
  static func date(_ base: UnsafePointer<UInt8>, _ scanner: borrowing RecordScanner) -> String? {
    let value = Value(base, scanner.fields[0])
    guard value.span.count == 9 else { return nil }
    let text = base + value.span.start
    let day = Int(text[0].digit) * 10 + Int(text[1].digit)
    let year = 2000 + Int(text[7].digit) * 10 + Int(text[8].digit)
    let dash = UInt8(ascii: "-")
    guard [0, 1, 7, 8].allSatisfy({ text[$0].digit <= 9 }), text[2] == dash, text[6] == dash,
      let month = months.firstIndex(where: { $0[0] == text[3] && $0[1] == text[4] && $0[2] == text[5] }),
      Calendar.isDate(year: year, month: month + 1, day: day)
    else { return nil }
    return Calendar.iso(year: year, month: month + 1, day: day)
  }
}
