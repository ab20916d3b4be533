/// A list of words as UTF-8 in one block, so that appending a word copies a few bytes and allocates nothing.
struct Wordlist: Sendable {
  private let bytes: [UInt8]
  private let starts: [Int]

  init(_ words: [String]) {
    var bytes: [UInt8] = []
    var starts = [0]
    for word in words {
      bytes.append(contentsOf: word.utf8)
      starts.append(bytes.count)
    }
    self.bytes = bytes
    self.starts = starts
  }

  /// Splits `text` into words at spaces and line breaks.
  init(words text: String) {
    self.init(text.split { $0 == " " || $0 == "\n" }.map(String.init))
  }

  /// Makes each character of `text` a word.
  init(characters text: String) {
    self.init(text.map { String($0) })
  }

  var count: Int { starts.count - 1 }

  subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[starts[index]..<starts[index + 1]]
  }

  /// Returns a random word.
  func word(_ random: inout RandomSource) -> ArraySlice<UInt8> {
    self[random.below(count)]
  }
}

extension [UInt8] {
  mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }

  /// Appends decimal digits, without sign or grouping.
  mutating func append(number: Int) {
    if number >= 10 { append(number: number / 10) }
    append(UInt8(48 + number % 10))
  }

  /// Appends decimal digits with leading zeros up to `width`.
  mutating func append(number: Int, width: Int) {
    if width > 1 { append(number: number / 10, width: width - 1) }
    append(UInt8(48 + number % 10))
  }

  /// Appends full-width decimal digits (U+FF10 … U+FF19), as the registry writes numbers in addresses.
  mutating func append(fullWidth number: Int) {
    if number >= 10 { append(fullWidth: number / 10) }
    append(0xEF)
    append(0xBC)
    append(UInt8(0x90 + number % 10))
  }
}
