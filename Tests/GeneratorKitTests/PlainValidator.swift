/// Validates the records of a snapshot one by one by the rules, and counts the results.
struct PlainValidator {
  var processed = 0
  var failed = 0
  var duplicated = 0
  var blank = 0
  var findings: [String: Int] = [:]
  var industries = 0
  var repeatedCodes = 0
  var namesWithoutCode = 0
  var sourceStamp: String?
  /// The 16 values of each accepted record, by BAN.
  var accepted: [String: [String?]] = [:]
  /// BANs and addresses in the order of the file.
  var bans: [String] = []
  var addresses: [String] = []
  /// The position of each record and its codes, sorted.
  var validated: [(line: Int, byteOffset: Int, codes: [String])] = []

  init(_ bytes: [UInt8]) {
    var records = PlainReader.records(bytes)[...]
    let names = records.removeFirst().fields.map { $0.text ?? "" }
    if let stamp = records.first, stamp.fields.count == 16, stamp.fields[1...].allSatisfy({ $0.text == nil }),
      let text = stamp.fields[0].text, text.utf8.count == 9
    {
      sourceStamp = text
      records.removeFirst()
    }
    for record in records {
      let codes = validate(record, width: names.count)
      for code in codes { findings[code, default: 0] += 1 }
      validated.append((record.line, record.start, codes.sorted()))
    }
  }

  private mutating func validate(_ record: PlainReader.Record, width: Int) -> [String] {
    let values = record.fields.map(\.text)
    if record.structureError == nil && values.allSatisfy({ $0 == nil }) {
      blank += 1
      return []
    }
    if let rejection = rejection(record, values, width: width) {
      failed += 1
      return [rejection]
    }
    let ban = values[1] ?? ""
    guard accepted[ban] == nil else {
      duplicated += 1
      return ["DUPLICATE"]
    }
    processed += 1
    accepted[ban] = values
    bans.append(ban)
    addresses.append(values[0] ?? "")
    return warnings(values)
  }

  private func rejection(_ record: PlainReader.Record, _ values: [String?], width: Int) -> String? {
    if let error = record.structureError { return error }
    if record.fields.contains(where: { $0.decoded == nil }) { return "INVALID_ENCODING" }
    if values.count != width { return "FIELD_COUNT" }
    if !isDigits(values[1] ?? "", 8) { return "INVALID_BAN" }
    if values[3] == nil { return "MISSING_NAME" }
    let limits = [0: 500, 3: 255, 5: 20, 6: 50, 8: 20, 9: 255, 10: 20, 11: 255, 12: 20, 13: 255, 14: 20, 15: 255]
    for (column, limit) in limits where (values[column] ?? "").unicodeScalars.count > limit { return "VALUE_TOO_LONG" }
    return nil
  }

  private mutating func warnings(_ values: [String?]) -> [String] {
    var codes: [String] = []
    if !PlainValidator.passesCheck(values[1] ?? "", modulus: 5) { codes.append("BAN_CHECKSUM") }
    if let text = values[2], !isDigits(text, 8) { codes.append("INVALID_HEADQUARTERS_BAN") }
    if let text = values[4], !isCapital(text) { codes.append("INVALID_CAPITAL") }
    if let text = values[5], !isROCDate(text) { codes.append("INVALID_DATE") }
    if let text = values[7], !["Y", "y", "N", "n"].contains(text) { codes.append("INVALID_INVOICE_FLAG") }
    var seen: [String] = []
    for slot in 0..<4 {
      guard let code = values[8 + 2 * slot] else {
        if values[9 + 2 * slot] != nil { namesWithoutCode += 1 }
        continue
      }
      if seen.contains(code) {
        repeatedCodes += 1
      } else {
        seen.append(code)
        industries += 1
        if !isDigits(code, 6) { codes.append("INVALID_INDUSTRY_CODE") }
      }
    }
    return codes
  }

  private func isDigits(_ text: String, _ count: Int) -> Bool {
    text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) }
  }

  private func isCapital(_ text: String) -> Bool {
    guard text.wholeMatch(of: /([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.0+)?/) != nil else { return false }
    let whole = text.split(separator: ".")[0].filter { $0 != "," }
    let digits = whole.drop { $0 == "0" }
    return digits.isEmpty || Int64(digits) != nil
  }

  private func isROCDate(_ text: String) -> Bool {
    guard isDigits(text, 7), let number = Int(text) else { return false }
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100)
    let western = year + 1911
    let isLeap = western % 4 == 0 && (western % 100 != 0 || western % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return year >= 1 && (1...12).contains(month) && day >= 1 && day <= lengths[month - 1]
  }

  static func passesCheck(_ ban: String, modulus: Int) -> Bool {
    let weights = [1, 2, 1, 2, 1, 2, 4, 1]
    let digits = ban.compactMap(\.wholeNumberValue)
    let products = zip(digits, weights).map { $0 * $1 }
    let sum = products.reduce(0) { $0 + $1 / 10 + $1 % 10 }
    // The seventh product, 28, has added 2 + 8 = 10 to the sum; the rule counts it as 1 or 0.
    return digits[6] == 7 ? [sum - 10, sum - 9].contains { $0 % modulus == 0 } : sum % modulus == 0
  }
}
