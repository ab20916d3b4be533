/// A field's value: trimmed, or missing.
struct FieldValue {
  /// The range without quotes and white space at its ends. If `escaped`, `""` inside still stands for one quote.
  let span: ByteRange
  let escaped: Bool
  /// Empty, or an unquoted mark for "missing". Missing values are NULL in the database.
  let isMissing: Bool

  static let missing = FieldValue(span: ByteRange(start: 0, end: 0), escaped: false, isMissing: true)

  private init(span: ByteRange, escaped: Bool, isMissing: Bool) {
    self.span = span
    self.escaped = escaped
    self.isMissing = isMissing
  }

  @inline(__always)
  init(_ base: UnsafePointer<UInt8>, _ field: RawField) {
    let span =
      field.start == field.end
      ? ByteRange(start: field.start, end: field.end) : Trim.trim(base, ByteRange(start: field.start, end: field.end))
    self.span = span
    escaped = field.escaped
    isMissing = span.isEmpty || !field.quoted && span.count <= 4 && Self.isMark(base, span)
  }

  /// Whether the value is `NULL`, `null`, `NA` or `N/A`.
  static func isMark(_ base: UnsafePointer<UInt8>, _ span: ByteRange) -> Bool {
    let text = base + span.start
    func equals(_ mark: StaticString) -> Bool {
      guard mark.utf8CodeUnitCount == span.count else { return false }
      for index in 0..<span.count where mark.utf8Start[index] != text[index] { return false }
      return true
    }
    return equals("NULL") || equals("null") || equals("NA") || equals("N/A")
  }

  /// Length in Unicode scalars; the value is well-formed UTF-8.
  func scalars(_ base: UnsafePointer<UInt8>) -> Int {
    var count = TextEncoding.scalars(base, span)
    guard escaped else { return count }
    var index = span.start
    while index < span.end {
      if base[index] == .quote {
        count -= 1
        index += 1
      }
      index += 1
    }
    return count
  }
}
