/// A slow, plain reader of the file, written independently of the generator. What it reads must match the generator's
/// expectation.
struct PlainReader {
  struct Field {
    var bytes: [UInt8]
    var isQuoted: Bool

    /// The trimmed text; nil if it is missing.
    var text: String? {
      guard let scalars = decoded?.unicodeScalars else { return "?" }
      guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
        let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
      else { return nil }
      let trimmed = String(scalars[first...last])
      return !isQuoted && ["NULL", "null", "NA", "N/A"].contains(trimmed) ? nil : trimmed
    }

    var decoded: String? { bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self) }
  }

  struct Record {
    var start: Int
    var line: Int
    var fields: [Field]
    var structureError: String?
  }

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// All records, the header included.
  static func records(_ bytes: [UInt8]) -> [Record] {
    var reader = PlainReader(bytes)
    var records: [Record] = []
    while let record = reader.next() { records.append(record) }
    return records
  }

  private mutating func next() -> Record? {
    guard position < bytes.count else { return nil }
    var record = Record(start: position, line: line, fields: [])
    var end = position
    while record.structureError == nil {
      let (field, next, problem) = field(at: end, recordStart: position)
      end = next
      record.structureError = problem
      record.fields.append(field)
      guard problem == nil, end < bytes.count, bytes[end] == UInt8(ascii: ",") else { break }
      end += 1
    }
    if record.structureError != nil {
      end = bytes[position...].firstIndex(of: 10) ?? bytes.count
    } else if end < bytes.count && bytes[end] == 13 {
      end += 1
    }
    if end < bytes.count { end += 1 }
    line += bytes[position..<end].count { $0 == 10 }
    position = end
    return record
  }

  /// Returns the field at `start`, its end (a comma, a line end or the end of the file) and its structure error.
  private func field(at start: Int, recordStart: Int) -> (Field, end: Int, problem: String?) {
    var at = start
    var value: [UInt8] = []
    let isQuoted = at < bytes.count && bytes[at] == UInt8(ascii: "\"")
    if isQuoted { at += 1 }
    while true {
      if at - recordStart >= 65_536 { return (Field(bytes: [], isQuoted: isQuoted), at, isQuoted ? quote : long) }
      if at >= bytes.count { return (Field(bytes: value, isQuoted: isQuoted), at, isQuoted ? quote : nil) }
      if !isQuoted && endsField(at) { return (Field(bytes: value, isQuoted: false), at, nil) }
      if isQuoted && bytes[at] == UInt8(ascii: "\"") {
        at += 1
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
          let isRight = at == bytes.count || endsField(at)
          return (Field(bytes: value, isQuoted: true), at, isRight ? nil : quote)
        }
      }
      value.append(bytes[at])
      at += 1
    }
  }

  private func endsField(_ at: Int) -> Bool {
    let isCRLF = bytes[at] == 13 && at + 1 < bytes.count && bytes[at + 1] == 10
    return bytes[at] == UInt8(ascii: ",") || bytes[at] == 10 || isCRLF
  }

  private var quote: String { "MALFORMED_QUOTE" }
  private var long: String { "RECORD_TOO_LONG" }
}
