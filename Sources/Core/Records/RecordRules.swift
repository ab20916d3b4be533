/// The version of the rules by which records are read, validated and written. Raise it if any accepted row, content
/// hash or finding could differ for the same bytes: earlier results are then stale.
public let rulesVersion = 2

/// The result of validating one record.
enum ValidationResult {
  /// Every field is missing. This is not a finding.
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

/// The rules, in order: the first that applies rejects the record.
struct RecordRules: ~Copyable {
  private let header: Header
  /// The values of the last validated record, if it has as many fields as the header.
  private(set) var values: RecordValues

  init(_ header: Header) {
    self.header = header
    values = RecordValues(header)
  }

  /// Validates one record.
  ///
  /// - Parameter isText: whether the whole record is known to be well-formed.
  /// - Returns: no warnings yet; ``RegistrationRows`` finds them while it writes the record's rows.
  @inline(__always)
  mutating func validate(
    _ base: UnsafePointer<UInt8>, _ fields: UnsafePointer<RawField>, _ count: Int, isText: Bool
  ) -> ValidationResult {
    let isWhole = count == values.fieldCount
    if isWhole { values.read(base, fields) }
    // A record with a BAN is not blank, so its other fields need no check.
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

  /// Finds the first field that is not text; `known` is its column, if it is a known one.
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
