/// The COPY rows of accepted records: those of tax_registration and those of business_industry.
public struct RegistrationRows: ~Copyable {
  private(set) var registrations = TextBuffer()
  private(set) var industries = TextBuffer()
  /// The columns of a row of tax_registration, in order, in the form that the loop over them needs.
  private let cells: UnsafeMutableBufferPointer<Cell>

  private struct Cell {
    let source: Column
    let form: StoredColumn.Form
    let check: StoredColumn.Check
  }

  /// The columns of both kinds of rows, in order, with their types in PostgreSQL.
  public static let registrationColumns =
    StoredColumn.all.map { ($0.name, $0.form.sqlType) } + [("content_hash", "bigint")]
  public static let industryColumns = [
    ("business_id", "text"), ("industry_code", "text"), ("industry_name", "text"), ("order", "smallint"),
  ]

  init() {
    let cells = StoredColumn.sources.flatMap { source in
      source.stored.map { Cell(source: source, form: $0.form, check: $0.check) }
    }
    self.cells = .allocate(capacity: cells.count)
    _ = self.cells.initialize(from: cells)
  }

  deinit { cells.deallocate() }

  mutating func removeAll() {
    registrations.removeAll()
    industries.removeAll()
  }

  /// Appends a record's rows. The last column of the first row is the hash of all rows.
  ///
  /// - Returns: the columns whose values do not fit.
  @inline(__always)
  mutating func append(
    _ values: borrowing RecordValues, of base: UnsafePointer<UInt8>, _ tally: inout Tally
  ) -> Warnings {
    var warnings = Warnings()
    let start = registrations.count
    for cell in cells {
      if !registrations.append(values[cell.source], of: base, as: cell.form, cell.check) {
        warnings.insert(cell.source)
      }
      registrations.append(.tab)
    }
    let industryStart = industries.count
    appendIndustries(values, of: base, &warnings, &tally)
    // The hash does not cover the tab after the row.
    let hash = ContentHash.of(
      registrations.pointer(at: start), registrations.count - 1 - start, industries.pointer(at: industryStart),
      industries.count - industryStart)
    registrations.append(decimal: hash)
    registrations.append(.lineFeed)
    return warnings
  }

  /// Appends a row for each slot with a code that no earlier slot has.
  @inline(__always)
  private mutating func appendIndustries(
    _ values: borrowing RecordValues, of base: UnsafePointer<UInt8>, _ warnings: inout Warnings, _ tally: inout Tally
  ) {
    var written: UInt8 = 0
    for slot in Column.industrySlots {
      let column = Column.industry(slot)
      let code = values[column.code]
      if code.isMissing {
        if !values[column.name].isMissing { tally.industryNamesWithoutCode += 1 }
        continue
      }
      let isRepeated = (1..<slot).contains {
        written & 1 << UInt8($0) != 0 && FieldValue.same(values[Column.industry($0).code], code, base)
      }
      if isRepeated {
        tally.repeatedIndustryCodes += 1
        continue
      }
      written |= 1 << UInt8(slot)
      tally.industries += 1
      if !code.isDigits(6, base) { warnings.insert(column.code) }
      industries.append(values[.ban], of: base)
      industries.append(.tab)
      industries.append(code, of: base)
      industries.append(.tab)
      industries.append(values[column.name], of: base)
      industries.append(.tab)
      industries.append(.zero + UInt8(slot))
      industries.append(.lineFeed)
    }
  }
}

extension TextBuffer {
  /// Appends the stored form of a value.
  ///
  /// - Returns: false if the value does not fit.
  @inline(__always)
  fileprivate mutating func append(
    _ value: FieldValue, of base: UnsafePointer<UInt8>, as form: StoredColumn.Form, _ check: StoredColumn.Check
  ) -> Bool {
    if value.isMissing {
      appendNull()
      return true
    }
    switch form {
    case .text:
      let fits = check.fits(value, of: base)
      if !fits, check == .eightDigitsOrNull { return appendUnfit() }
      append(value, of: base)
      return fits
    case .amount:
      guard let amount = Capital.amount(base, value.span) else { return appendUnfit() }
      append(decimal: amount)
    case .date:
      guard let date = ROCDate(base, value.span) else { return appendUnfit() }
      append(date)
    case .flag:
      let letter = value.span.count == 1 ? base[value.span.start] | 0x20 : 0
      guard letter == UInt8(ascii: "y") || letter == UInt8(ascii: "n") else { return appendUnfit() }
      append(letter == UInt8(ascii: "y") ? UInt8(ascii: "t") : UInt8(ascii: "f"))
    }
    return true
  }

  private mutating func appendUnfit() -> Bool {
    appendNull()
    return false
  }
}

extension FieldValue {
  func isDigits(_ count: Int, _ base: UnsafePointer<UInt8>) -> Bool {
    span.count == count && (span.start..<span.end).allSatisfy { base[$0].digit <= 9 }
  }

  /// Whether two values are the same text: `""` in a quoted field is one quote.
  fileprivate static func same(_ a: FieldValue, _ b: FieldValue, _ base: UnsafePointer<UInt8>) -> Bool {
    var i = a.span.start
    var j = b.span.start
    while i < a.span.end, j < b.span.end {
      guard base[i] == base[j] else { return false }
      i += a.escaped && base[i] == .quote ? 2 : 1
      j += b.escaped && base[j] == .quote ? 2 : 1
    }
    return i == a.span.end && j == b.span.end
  }
}
