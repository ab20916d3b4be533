/// A column; the raw value is its position in the file.
enum SourceColumn: Int, Sendable {
  case address, ban, headquartersBAN, name, capital, setupDate, organisation, invoice
  case code1, name1, code2, name2, code3, name3, code4, name4
}

/// An industry of a dirty record, as written in the file.
typealias Industry = (code: String, name: String)

/// A record that a variant makes dirty: its 16 fields as written in the file, with their quotes, and the result that a
/// correct reader gives.
struct DirtRecord: Sendable {
  var fields: [[UInt8]]
  /// Replaces the fields if the record is not a list of fields.
  var line: [UInt8]?

  /// Warnings of an accepted record, one for each finding.
  var warnings: [DirtKind] = []
  /// Of an accepted record: its industries, the slots dropped because their code repeats, and the names without a code.
  var industries: Int
  var repeatedCodes: Int
  var namesWithoutCode = 0

  /// The record without its line end.
  var bytes: [UInt8] {
    line ?? Array(fields.joined(separator: [UInt8(ascii: ",")]))
  }

  subscript(_ column: SourceColumn) -> String {
    get { String(decoding: fields[column.rawValue], as: UTF8.self) }
    set { fields[column.rawValue] = Array(newValue.utf8) }
  }

  /// The value of a column, without the quotes around it.
  func value(_ column: SourceColumn) -> String {
    let text = self[column]
    return text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text
  }

  /// Sets a column to a value in quotes. Quotes inside the value are doubled.
  mutating func quote(_ column: SourceColumn, _ value: String) {
    var quoted = "\""
    for scalar in value.unicodeScalars {
      if scalar == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(scalar)
    }
    self[column] = quoted + "\""
  }

  /// Removes all quotes from the fields.
  mutating func unquoteAll() {
    for column in 0..<fields.count { fields[column].removeAll { $0 == UInt8(ascii: "\"") } }
  }

  /// Adds `steps` to the last digit of the BAN, modulo 10, until the BAN fails its check. It stays unique: no other
  /// dirty record has the same first seven digits, and no regular BAN fails.
  mutating func breakCheckDigit(steps: UInt8) {
    var ban = fields[SourceColumn.ban.rawValue]
    repeat { ban[7] = 48 + (ban[7] - 48 + steps) % 10 } while BANSpace.isValid(ban)
    fields[SourceColumn.ban.rawValue] = ban
  }

  /// Replaces all industries: code and name of slot 1, of slot 2, and so on.
  mutating func setIndustries(_ slots: [Industry], rows: Int, repeated: Int = 0, nameless: Int = 0) {
    for slot in 0..<4 {
      let (code, name) = slot < slots.count ? slots[slot] : ("", "")
      fields[8 + 2 * slot] = Array(code.utf8)
      fields[9 + 2 * slot] = Array(name.utf8)
    }
    industries = rows
    repeatedCodes = repeated
    namesWithoutCode = nameless
  }
}

/// One variant of a kind of dirt.
struct Variant: Sendable {
  /// A short description for the list of dirty records.
  let what: String
  /// Whether the line leaves a quoted field open, so that the next line decides how it ends. Only a regular record,
  /// another such line or the end of the file may follow: then exactly this record is rejected.
  let leavesQuoteOpen: Bool
  let change: @Sendable (inout DirtRecord) -> Void

  init(_ what: String, leavesQuoteOpen: Bool = false, _ change: @escaping @Sendable (inout DirtRecord) -> Void) {
    self.what = what
    self.leavesQuoteOpen = leavesQuoteOpen
    self.change = change
  }

  /// Returns a variant that sets one column to a text as written in the file.
  static func set(_ column: SourceColumn, _ text: String) -> Variant {
    Variant("\(column) is '\(text)'") { $0[column] = text }
  }
}
