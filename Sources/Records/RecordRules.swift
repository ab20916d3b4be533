/// A record's fields, as columns.
struct RecordFields {
  let base: UnsafePointer<UInt8>
  let fields: UnsafePointer<RawField>
  let count: Int
  let header: Header

  @inline(__always)
  subscript(column: Column) -> Value {
    let index = header.fieldOf[column.rawValue]
    return index < 0 ? .missing : Value(base, fields[index])
  }
}

/// What the rules say of one record.
enum RecordVerdict {
  /// Every field is missing: no finding.
  case blank
  case rejected(FindingCode, Column?)
  case accepted(Registration)

  var hasFindings: Bool {
    switch self {
    case .blank: false
    case .rejected: true
    case .accepted(let registration): !registration.warnings.isEmpty
    }
  }

  func forEachFinding(_ body: (FindingCode, Column?) -> Void) {
    switch self {
    case .blank: break
    case .rejected(let code, let column): body(code, column)
    case .accepted(let registration): registration.warnings.forEach(body)
    }
  }
}

/// The rules in their order: the first that applies rejects.
enum RecordRules {
  static func judge(_ record: RecordFields, isText: Bool) -> RecordVerdict {
    let ban = record.count == record.header.names.count ? record[.ban] : .missing
    // A record with a BAN is not blank: the others' fields are looked at one by one.
    if ban.isMissing, isBlank(record) { return .blank }
    if !isText, let column = invalidEncoding(record) { return .rejected(.invalidEncoding, column.known) }
    guard record.count == record.header.names.count else { return .rejected(.fieldCount, nil) }
    guard let number = BAN.number(record.base, ban.span) else { return .rejected(.invalidBAN, .ban) }
    if record[.name].isMissing { return .rejected(.missingName, .name) }
    if let column = tooLong(record) { return .rejected(.valueTooLong, column) }
    return .accepted(Registration(record, number: number, ban: ban))
  }

  private static func isBlank(_ record: RecordFields) -> Bool {
    for index in 0..<record.count where !Value(record.base, record.fields[index]).isMissing { return false }
    return true
  }

  /// The first field that is no text; `known` is its column where we know it.
  private static func invalidEncoding(_ record: RecordFields) -> (known: Column?, Void)? {
    for index in 0..<record.count {
      let field = record.fields[index]
      if Encoding.isText(Bytes(start: record.base + field.start, count: field.end - field.start)) { continue }
      return (Column.allCases.first { record.header.fieldOf[$0.rawValue] == index }, ())
    }
    return nil
  }

  /// The first column, in the published order, whose value is longer than accepted.
  private static func tooLong(_ record: RecordFields) -> Column? {
    for column in Column.allCases {
      guard let most = column.scalarsMax else { continue }
      let value = record[column]
      // A scalar takes a byte at least.
      if value.span.count > most, !value.isMissing, value.scalars(record.base) > most { return column }
    }
    return nil
  }
}
