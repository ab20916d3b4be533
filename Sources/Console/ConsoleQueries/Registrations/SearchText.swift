import Foundation

/// What a user types into the search box: words, separated by spaces. A business matches if each word is in its name or
/// its address, is the beginning of its BAN, or is the name or the beginning of the code of one of its industries.
public struct SearchText: Sendable, Equatable {
  /// A word, folded as registry_bigrams and ``RegistrationText`` fold texts.
  public struct Word: Sendable, Equatable {
    public let text: String
    /// One to eight digits, if the word can be a BAN or its beginning.
    public let digits: String?
  }

  public static let lengthMax = 200
  public static let wordsMax = 8

  /// As typed, without spaces at both ends.
  public let typed: String
  public let words: [Word]

  /// The text as one word, if it has marks of lists but no spaces; nil otherwise.
  var listed: String? {
    let folded = Self.composed(typed)
    return words.count > 1 && !folded.contains(where: \.isWhitespace) ? folded : nil
  }

  /// The BAN, if the text is one and nothing else.
  public var ban: BAN? { words.count == 1 ? words.first?.digits.flatMap { BAN($0) } : nil }

  /// The number of digits, if the text has nothing else.
  public var digitCount: Int? {
    guard words.count == 1, let number = words.first.map({ $0.digits ?? $0.text }), number.isDigits else { return nil }
    return number.utf8.count
  }

  /// - Throws: ``QueryProblem`` for the parameter `q`.
  init(_ typed: String) throws(QueryProblem) {
    guard typed.unicodeScalars.count <= Self.lengthMax else { throw QueryProblem("q", .tooLong) }
    guard !typed.utf8.contains(0) else { throw QueryProblem("q", .choice) }
    var parts = Self.composed(typed).split(whereSeparator: { $0.isWhitespace || "，,、;；".contains($0) })
    parts.removeAll { Self.banNames.contains(String($0)) }
    // A BAN in two halves: 9891 3634.
    if parts.count == 2, parts.allSatisfy({ $0.utf8.count == 4 && String($0).isDigits }) {
      parts = [parts.joined()[...]]
    }
    words = parts.map(Self.word)
    guard !words.isEmpty else { throw QueryProblem("q", .tooShort) }
    guard words.count <= Self.wordsMax else { throw QueryProblem("q", .tooLong) }
    guard words.contains(where: { $0.text.unicodeScalars.count > 1 }) else { throw QueryProblem("q", .tooShort) }
    self.typed = typed
  }

  /// The text with half-width characters, capitals, and 臺 for 台.
  static func folded(_ text: String) -> String {
    var folded = String.UnicodeScalarView()
    // Invisible characters come with pasted texts.
    for scalar in text.unicodeScalars where scalar.properties.generalCategory != .format {
      folded.append(self.folded(scalar))
    }
    return String(folded)
  }

  /// The text in the form that registry_bigrams compares, with the districts 東區, 西區, 南區, 北區 and 中區 without the
  /// space that the source writes in them.
  static func composed(_ text: String) -> String {
    // The first mapping leaves the marks of half-width kana uncomposed.
    var composed = folded(text.precomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping)
    for name in AddressPattern.spacedDistricts {
      composed = composed.replacing("\(name) 區", with: "\(name)區")
    }
    return composed
  }

  private static let banNames = ["統一編號", "統編"]

  static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let half =
      switch scalar.value {
      case 0xFF01...0xFF5E: scalar.value - 0xFF01 + 0x21
      case 0x3000: UInt32(0x20)
      default: scalar.value
      }
    let capital = 0x61...0x7A ~= half ? half - 0x20 : half
    return capital == 0x53F0 ? "臺" : Unicode.Scalar(capital) ?? scalar
  }

  private static func word(_ text: Substring) -> Word {
    var rest = text
    for name in banNames where rest.hasPrefix(name) { rest.removeFirst(name.count) }
    let isNamed = rest.count < text.count
    // Punctuation around a number comes with pasted texts.
    let bare = rest.drop { !$0.isNumber }.reversed().drop { !$0.isNumber }.reversed()
    let around = rest.filter { $0.isLetter || $0.isNumber || $0 == "-" }
    let number = String(bare).replacing("-", with: "")
    guard around == String(bare), number.utf8.count <= 8, number.isDigits else {
      return Word(text: String(text), digits: nil)
    }
    // 9891-3634 is a BAN, but 12-3 may be the number of a house.
    let isBAN = isNamed || !bare.contains("-") || number.utf8.count == 8
    return Word(text: isNamed || bare.count < rest.count ? number : String(text), digits: isBAN ? number : nil)
  }
}

extension SearchText {
  /// Splits a text at the words that it contains, to mark them.
  public func parts(of text: String) -> [(text: String, isMatch: Bool)] {
    let scalars = Array(text.unicodeScalars)
    let folded = scalars.map(Self.folded)
    var isMatch = [Bool](repeating: false, count: scalars.count)
    for word in words.map({ Array($0.text.unicodeScalars) }) where word.count <= folded.count {
      for start in 0...(folded.count - word.count) where folded[start..<start + word.count].elementsEqual(word) {
        for place in start..<start + word.count { isMatch[place] = true }
      }
    }
    var parts: [(text: String, isMatch: Bool)] = []
    for (scalar, isMatch) in zip(scalars, isMatch) {
      if parts.last?.isMatch != isMatch { parts.append(("", isMatch)) }
      parts[parts.count - 1].text.unicodeScalars.append(scalar)
    }
    return parts
  }
}

extension SearchText.Word {
  /// The city or county, if the word names one.
  var city: String? { RegistrationChoices.cities.contains(text) ? text : nil }

  /// How the word can be written in an address.
  var address: AddressPattern { AddressPattern(text) }
}

/// The ways in which a part of an address can be written, as a regular expression of PostgreSQL. District, village (里)
/// and neighbourhood (鄰) may be missing in what a user types, and numbers may be written in Arabic or Chinese numerals.
struct AddressPattern: Equatable {
  private(set) var regex = ""
  /// For an index: every match contains one text of each list. The texts have at least two characters.
  private(set) var parts: [[String]] = []
  private var part = ""
  private static let spellingsMax = 12

  /// The texts of an address in each way to spell its numbers. Numbers at the end are left out if there were too many.
  var spellings: [[String]] {
    var all: [[String]] = [[]]
    for texts in parts where texts.count * all.count <= Self.spellingsMax {
      all = all.flatMap { spelling in texts.map { spelling + [$0] } }
    }
    return all
  }

  /// - Parameter text: folded.
  init(_ text: String) {
    // Scalars, since a character may be a parenthesis with an accent.
    var rest = Array(text.unicodeScalars)[...]
    while let scalar = rest.first {
      if let (number, length) = Self.number(at: rest) {
        endPart()
        let spellings = Self.spellings(of: number)
        // 5號 is not in 15號.
        regex += "(?<![0-9〇零一二三四五六七八九十百])(\(spellings.joined(separator: "|")))"
        rest.removeFirst(length)
        if let unit = rest.first { parts.append(spellings.map { $0 + String(unit) }) }
        continue
      }
      rest.removeFirst()
      part.unicodeScalars.append(scalar)
      regex += Self.escaped(scalar)
      guard let next = rest.first else { continue }
      // The source writes 北　區.
      if next == "區", Self.spacedDistricts.contains(String(scalar)) { optional(" ?") }
      if "縣市".unicodeScalars.contains(scalar) { optional("([^縣0-9]{1,4}[區鄉鎮市])?" + Self.village) }
      if "區鄉鎮".unicodeScalars.contains(scalar) { optional(Self.village) }
      if "里村鄰".unicodeScalars.contains(scalar) { optional("([0-9]{1,3}鄰)?") }
    }
    endPart()
    if parts.count > Self.partsMax { parts = [] }
  }

  /// One-character districts, which the source writes with a space before 區.
  static let spacedDistricts = ["東", "西", "南", "北", "中"]
  /// More numbers are in no address, and their comparison would take long.
  private static let partsMax = 12
  private static let village = "([^縣0-9]{1,5}[里村])?([0-9]{1,3}鄰)?"

  private mutating func optional(_ pattern: String) {
    endPart()
    regex += pattern
  }

  private mutating func endPart() {
    if part.unicodeScalars.count > 1 { parts.append([part]) }
    part = ""
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    #"\.^$*+?()[]{}|"#.unicodeScalars.contains(scalar) ? "\\\(scalar)" : String(scalar)
  }

  private static let units = Set("路街段巷弄號樓鄰".unicodeScalars)
  private static let numerals = Array("〇一二三四五六七八九".unicodeScalars)

  /// Returns the number from 1 to 9999 at the beginning of a text, if a unit follows it, and its length.
  static func number(at text: ArraySlice<Unicode.Scalar>) -> (number: Int, length: Int)? {
    let digits = text.prefix { isArabic($0) || numerals.contains($0) || "零十百".unicodeScalars.contains($0) }
    guard !digits.isEmpty, let unit = text.dropFirst(digits.count).first, units.contains(unit),
      let number = value(of: digits), 1...9999 ~= number
    else { return nil }
    return (number, digits.count)
  }

  private static func isArabic(_ scalar: Unicode.Scalar) -> Bool { 0x30...0x39 ~= scalar.value }

  private static func value(of digits: ArraySlice<Unicode.Scalar>) -> Int? {
    if digits.allSatisfy(isArabic) {
      return digits.count > 4 ? nil : digits.reduce(0) { $0 * 10 + Int($1.value - 0x30) }
    }
    if digits.contains(where: isArabic) { return nil }
    guard digits.contains(where: { "十百".unicodeScalars.contains($0) }) else {
      // 一二三 is 123.
      return digits.count > 4 ? nil : digits.reduce(0) { $0 * 10 + (numerals.firstIndex(of: $1) ?? 0) }
    }
    var (sum, digit) = (0, 0)
    for scalar in digits {
      switch scalar {
      case "百", "十":
        sum += max(digit, 1) * (scalar == "百" ? 100 : 10)
        digit = 0
      default: digit = numerals.firstIndex(of: scalar) ?? 0
      }
    }
    return sum + digit
  }

  /// Returns a number in Arabic and in Chinese numerals.
  static func spellings(of number: Int) -> [String] {
    let digits = String(number).compactMap(\.wholeNumberValue)
    var spellings = ["\(number)", digits.map { String(numerals[$0]) }.joined()]
    if digits.contains(0), number > 9 { spellings.append(spellings[1].replacing("〇", with: "零")) }
    if 10...99 ~= number {
      let tens = number / 10 > 1 ? String(numerals[number / 10]) : ""
      spellings.append(tens + "十" + (number % 10 > 0 ? String(numerals[number % 10]) : ""))
    }
    if 100...999 ~= number {
      let (tens, ones) = (number / 10 % 10, number % 10)
      let rest =
        tens > 0
        ? "\(numerals[tens])十" + (ones > 0 ? String(numerals[ones]) : "") : ones > 0 ? "零\(numerals[ones])" : ""
      spellings.append("\(numerals[number / 100])百" + rest)
    }
    return spellings
  }
}
