import Glibc

/// The members of a finding's line, as slices of its bytes. The line is not decoded, because a bad day has a million
/// findings, and most of them are only counted, compared or passed on.
struct FindingMembers {
  typealias Slice = UnsafeRawBufferPointer

  /// Without its quotes; codes are plain words.
  private var code = Slice(start: nil, count: 0)
  private var column = Slice(start: nil, count: 0)
  private var raw = Slice(start: nil, count: 0)
  private var rawBase64 = Slice(start: nil, count: 0)
  private var truncated = Slice(start: nil, count: 0)

  /// - Returns: nil if the line is not one JSON object with a code.
  init?(_ line: Slice) {
    var rest = line
    guard Self.skip(UInt8(ascii: "{"), &rest) else { return nil }
    repeat {
      guard let name = Self.string(&rest), Self.skip(UInt8(ascii: ":"), &rest), let value = Self.value(&rest) else {
        return nil
      }
      if Self.equal(name, "\"code\"") { code = value }
      if Self.equal(name, "\"column\"") { column = value }
      if Self.equal(name, "\"raw\"") { raw = value }
      if Self.equal(name, "\"raw_base64\"") { rawBase64 = value }
      if Self.equal(name, "\"truncated\"") { truncated = value }
    } while Self.skip(UInt8(ascii: ","), &rest)
    guard Self.skip(UInt8(ascii: "}"), &rest), code.count > 2, code.first == UInt8(ascii: "\"") else { return nil }
    code = Slice(rebasing: code[1..<code.count - 1])
  }

  var codeText: String { String(decoding: code, as: UTF8.self) }

  /// A hash that is equal for findings with the same code, column and record bytes. Valid in this process only. The
  /// values need not be decoded, because transform always writes a value in the same way.
  var identity: Int {
    var hasher = Hasher()
    for part in [code, column, raw, rawBase64, truncated] {
      hasher.combine(part.count)
      hasher.combine(bytes: part)
    }
    return hasher.finalize()
  }

  private static func skip(_ byte: UInt8, _ rest: inout Slice) -> Bool {
    while let first = rest.first, first == 0x20 || first == 0x09 { rest = Slice(rebasing: rest.dropFirst()) }
    guard rest.first == byte else { return false }
    rest = Slice(rebasing: rest.dropFirst())
    return true
  }

  /// A string with its quotes.
  private static func string(_ rest: inout Slice) -> Slice? {
    guard skip(UInt8(ascii: "\""), &rest) else { return nil }
    guard let base = rest.baseAddress else { return nil }
    var index = 0
    while let found = memchr(base + index, Int32(UInt8(ascii: "\"")), rest.count - index) {
      index = UnsafeRawPointer(found) - base
      // A quote after an odd number of backslashes is part of the text.
      var backslashes = 0
      while backslashes < index, rest[index - 1 - backslashes] == UInt8(ascii: "\\") { backslashes += 1 }
      index += 1
      if backslashes % 2 == 0 {
        rest = Slice(rebasing: rest[index...])
        return Slice(start: base - 1, count: index + 1)
      }
    }
    return nil
  }

  /// A string, a number, `true`, `false` or `null`.
  private static func value(_ rest: inout Slice) -> Slice? {
    while rest.first == 0x20 || rest.first == 0x09 { rest = Slice(rebasing: rest.dropFirst()) }
    if rest.first == UInt8(ascii: "\"") { return string(&rest) }
    let end = rest.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? rest.count
    guard end > 0 else { return nil }
    defer { rest = Slice(rebasing: rest[end...]) }
    return Slice(rebasing: rest[..<end])
  }

  private static func equal(_ bytes: Slice, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount, let base = bytes.baseAddress else { return false }
    return memcmp(base, text.utf8Start, bytes.count) == 0
  }
}
