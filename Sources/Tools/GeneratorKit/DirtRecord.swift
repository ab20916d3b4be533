/// A column by its place in the file.
enum SourceColumn: Int, Sendable {
  case address, ban, headquartersBAN, name, capital, setupDate, organisation, invoice
  case code1, name1, code2, name2, code3, name3, code4, name4
}

/// An industry of a dirty record, as it stands in the file.
typealias Industry = (code: String, name: String)

/// A record being made dirty: its 16 fields as they stand in the file, quotes and all, and what is to become of it.
struct DirtRecord: Sendable {
  var fields: [[UInt8]]
  /// In place of the fields, where the record is no list of fields.
  var line: [UInt8]?

  /// Warnings of an accepted record, one for each finding.
  var warnings: [DirtKind] = []
  /// Industries an accepted record is left with, slots dropped because their code repeats, and names without a code.
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

  /// Sets a column to a value in quotes, those inside it doubled.
  mutating func quote(_ column: SourceColumn, _ value: String) {
    var quoted = "\""
    for scalar in value.unicodeScalars {
      if scalar == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(scalar)
    }
    self[column] = quoted + "\""
  }

  /// Puts the fields into a line of which nothing is quoted.
  mutating func unquoteAll() {
    for column in 0..<fields.count { fields[column].removeAll { $0 == UInt8(ascii: "\"") } }
  }

  /// Moves the last digit of the BAN on until the number fails its check. It stays unique: no other dirty record has
  /// the same first seven digits, and no regular number fails.
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

/// One way to be dirty.
struct Variant: Sendable {
  /// A few words for the list of dirt.
  let what: String
  /// The line leaves a quoted field open, so that what follows decides how it ends. Only a regular record, another such
  /// line or the end of the file may follow: each makes it cost exactly itself.
  let leavesQuoteOpen: Bool
  let change: @Sendable (inout DirtRecord) -> Void

  init(_ what: String, leavesQuoteOpen: Bool = false, _ change: @escaping @Sendable (inout DirtRecord) -> Void) {
    self.what = what
    self.leavesQuoteOpen = leavesQuoteOpen
    self.change = change
  }

  /// Sets one column to a text as it stands in the file.
  static func set(_ column: SourceColumn, _ text: String) -> Variant {
    Variant("\(column) is '\(text)'") { $0[column] = text }
  }
}
