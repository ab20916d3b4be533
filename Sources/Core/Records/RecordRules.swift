/// The version of the rules by which records are read, validated and written. It rises when any accepted row, content
/// hash or finding could differ for the same bytes: then what was validated before is stale.
public let rulesVersion = 2

/// What the rules say of one record.
enum ValidationResult {
  /// Every field is missing: no finding.
  case blank
  case rejected(FindingCode, Column?)
  case accepted(ban: UInt32, Warnings)

  var isRejected: Bool {
    if case .rejected(let code, _) = self { code != .duplicate } else { false }
  }

  var hasFindings: Bool {
    switch self {
    case .blank: false
    case .rejected: true
    case .accepted(_, let warnings): !warnings.isEmpty
    }
  }

  func forEachFinding(_ body: (FindingCode, Column?) -> Void) {
    switch self {
    case .blank: break
    case .rejected(let code, let column): body(code, column)
    case .accepted(_, let warnings): warnings.forEach(body)
    }
  }
}

/// The rules in their order: the first that applies rejects.
struct RecordRules: ~Copyable {
  private let header: Header
  /// The values of the record that was validated last, where it has as many fields as the header.
  private(set) var values: RecordValues

  init(_ header: Header) {
    self.header = header
    values = RecordValues(header)
  }

  /// - Parameter isText: whether all of the record is known to be well-formed.
  /// - Returns: what is warned of shows where the record's rows are written.
  @inline(__always)
  mutating func validate(
    _ base: UnsafePointer<UInt8>, _ fields: UnsafePointer<RawField>, _ count: Int, isText: Bool
  ) -> ValidationResult {
    let isWhole = count == values.fieldCount
    if isWhole { values.read(base, fields) }
    // A record with a BAN is not blank: the others' fields need no look for that.
    if !isWhole || values[.ban].isMissing, Self.isBlank(base, fields, count) { return .blank }
    if !isText, let column = invalidEncoding(base, fields, count) { return .rejected(.invalidEncoding, column.known) }
    guard isWhole else { return .rejected(.fieldCount, nil) }
    guard let number = BANRules.number(base, values[.ban].span) else { return .rejected(.invalidBAN, .ban) }
    if values[.name].isMissing { return .rejected(.missingName, .name) }
    if let column = values.tooLong(base) { return .rejected(.valueTooLong, column) }
    return .accepted(ban: number, Warnings())
  }

  private static func isBlank(_ base: UnsafePointer<UInt8>, _ fields: UnsafePointer<RawField>, _ count: Int) -> Bool {
    for index in 0..<count where !FieldValue(base, fields[index]).isMissing { return false }
    return true
  }

  /// The first field that is no text; `known` is its column where we know it.
  private func invalidEncoding(
    _ base: UnsafePointer<UInt8>, _ fields: UnsafePointer<RawField>, _ count: Int
  ) -> (known: Column?, Void)? {
    for index in 0..<count {
      let field = fields[index]
      if TextEncoding.isText(Bytes(start: base + field.start, count: field.end - field.start)) { continue }
      return (Column.allCases.first { header.fieldOf[$0.rawValue] == index }, ())
    }
    return nil
  }
}
