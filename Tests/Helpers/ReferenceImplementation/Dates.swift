/// Returns the source date of a stamp row as ISO: the first field is like 01-SEP-26, all others are missing.
func stampDate(_ record: ScannedRecord) -> String? {
  let values = record.error == nil ? record.fields.map { FieldValue($0) } : []
  guard let text = values.first?.text, values.dropFirst().allSatisfy({ $0.isMissing }) else { return nil }

  let months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
  let parts = text.unicodeScalars.split(separator: "-", omittingEmptySubsequences: false).map { String($0) }
  guard parts.count == 3,
    isDigits(parts[0], count: 2), let day = Int(parts[0]),
    let month = months.firstIndex(where: { sameBytes($0, parts[1]) }),
    isDigits(parts[2], count: 2), let year = Int(parts[2])
  else { return nil }
  return isoDate(year: 2000 + year, month: month + 1, day: day)
}

/// Returns whether a row in the stamp's position is a stamp row, readable or not: only its first field has a value,
/// and that is not a BAN.
func isStampLike(_ record: ScannedRecord, _ header: Header) -> Bool {
  let values = record.fields.map { FieldValue($0) }
  guard record.error == nil, let first = values.first, !first.isMissing else { return false }
  if header.position(of: "統一編號") == 0, let text = first.text, isDigits(text, count: 8) { return false }
  return values.dropFirst().allSatisfy { $0.isMissing }
}

/// Converts a date of the Republic of China calendar (year 1 is 1912) in seven digits: 0400711 is 1951-07-11.
func republicDate(_ text: String) -> String? {
  guard isDigits(text, count: 7), let number = Int(text) else { return nil }
  let year = number / 10_000
  if year == 0 { return nil }
  return isoDate(year: 1911 + year, month: number / 100 % 100, day: number % 100)
}

/// Returns an ISO date; `nil` if the day does not exist.
private func isoDate(year: Int, month: Int, day: Int) -> String? {
  let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
  let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  guard (1...12).contains(month), (1...days[month - 1]).contains(day) else { return nil }
  return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
}

/// Returns whether the text is exactly `count` ASCII digits. (`Character.isNumber` also accepts ３ and ٣.)
func isDigits(_ text: String, count: Int) -> Bool {
  text.utf8.count == count && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}
