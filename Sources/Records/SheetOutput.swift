/// What the judge makes of one record.
struct SheetOutput: JudgeOutput {
  private var registration: [UInt8] = []
  private var industries: [UInt8] = []
  private(set) var found: [(FindingCode, Column?)] = []

  mutating func registrations(_ rows: UnsafeRawBufferPointer) { registration.append(contentsOf: rows) }
  mutating func industries(_ rows: UnsafeRawBufferPointer) { industries.append(contentsOf: rows) }
  mutating func findings(_ lines: UnsafeRawBufferPointer) {}
  mutating func found(_ code: FindingCode, _ column: Column?) { found.append((code, column)) }

  mutating func clear() {
    registration = []
    industries = []
    found.removeAll(keepingCapacity: true)
  }

  /// Nil where the record was not accepted. The row begins with the BAN and ends with the content hash.
  var record: CorrectionSheet.Record? {
    guard let tab = registration.lastIndex(of: .tab),
      let hash = Int64(String(decoding: registration[(tab + 1)...].dropLast(), as: UTF8.self))
    else { return nil }
    let ban = registration.prefix(8).reduce(0) { $0 * 10 + UInt32($1.digit) }
    return CorrectionSheet.Record(
      ban: ban, contentHash: hash, registration: registration, industries: industries, warnings: found.map(\.0.code))
  }
}
