/// The named values of a query. A value of only white space counts as missing.
struct QueryValues {
  let values: [String: String]

  func text(_ name: String) -> String? {
    guard let scalars = values[name]?.unicodeScalars,
      let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return nil }
    return String(scalars[first...last])
  }

  /// Returns one to `count` digits; throws `reason` for anything else.
  func digits(_ name: String, upTo count: Int, _ reason: QueryProblem.Reason) throws(QueryProblem) -> String? {
    guard let text = text(name)?.plainDigits else { return nil }
    guard text.isDigits, text.utf8.count <= count else { throw QueryProblem(name, reason) }
    return text
  }

  /// Returns a text to search for, of at least two characters.
  func part(_ name: String, upTo count: Int) throws(QueryProblem) -> String? {
    guard let text = text(name) else { return nil }
    // Compared without regard to width, ｶﾞ is one character.
    guard SearchText.composed(text).unicodeScalars.count > 1 else { throw QueryProblem(name, .tooShort) }
    return try bounded(name, text, upTo: count)
  }

  func bounded(_ name: String, _ text: String, upTo count: Int) throws(QueryProblem) -> String {
    guard text.unicodeScalars.count <= count else { throw QueryProblem(name, .tooLong) }
    // PostgreSQL's text cannot contain NUL, so no value matches.
    guard !text.utf8.contains(0) else { throw QueryProblem(name, .choice) }
    return text
  }

  func choice<Choice: RawRepresentable<String>>(_ name: String) throws(QueryProblem) -> Choice? {
    guard let text = text(name) else { return nil }
    guard let choice = Choice(rawValue: text) else { throw QueryProblem(name, .choice) }
    return choice
  }

  func amount(_ name: String) throws(QueryProblem) -> Int64? {
    guard let text = text(name)?.plainDigits else { return nil }
    guard text.isDigits, let amount = Int64(text) else { throw QueryProblem(name, .amount) }
    return amount
  }

  func date(_ name: String) throws(QueryProblem) -> String? {
    guard let text = text(name) else { return nil }
    guard Self.isDate(text) else { throw QueryProblem(name, .date) }
    return text
  }

  /// Returns the name of a city or county, which has three characters.
  func city(_ name: String) throws(QueryProblem) -> String? {
    guard let text = text(name) else { return nil }
    guard text.unicodeScalars.count == 3, !text.utf8.contains(0) else { throw QueryProblem(name, .city) }
    return text
  }

  /// Whether it is an existing day of the Gregorian calendar, written YYYY-MM-DD.
  static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard parts.map(\.utf8.count) == [4, 2, 2], parts.allSatisfy(\.isDigits) else { return false }
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == 3, numbers[0] > 0, 1...12 ~= numbers[1] else { return false }
    let isLeapYear = numbers[0] % 4 == 0 && (numbers[0] % 100 != 0 || numbers[0] % 400 == 0)
    let days = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return 1...days[numbers[1] - 1] ~= numbers[2]
  }
}

extension String {
  /// The text with full-width digits as ASCII digits, and without spaces and commas.
  fileprivate var plainDigits: String {
    var digits = String.UnicodeScalarView()
    for scalar in unicodeScalars where !" ,，\u{3000}".unicodeScalars.contains(scalar) {
      let half = 0xFF10...0xFF19 ~= scalar.value ? Unicode.Scalar(scalar.value - 0xFF10 + 0x30) : scalar
      digits.append(half ?? scalar)
    }
    return String(digits)
  }
}
