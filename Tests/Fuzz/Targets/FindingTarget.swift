import MalformedInputs
import Records
import SeededRandom
import Spool
import TestSupport

/// Every finding is one line of JSON with the record's bytes, unchanged.
public struct FindingTarget: FuzzTarget {
  public static let name = "findings"
  public static let share = 20

  private static let head = Array("統一編號,營業人名稱\n".utf8)

  public init() {}

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    var body: [UInt8] = []
    for _ in 0..<random.below(6) {
      for _ in 0..<random.below(8) { body.append(UInt8(random.below(256))) }
      body += random.pick(Self.pieces)
    }
    spoil(&body, from: 0, times: random.below(6), &random)
    guard random.onceIn(400) else { return body }
    // Truncating a record may cut a character.
    let filler = random.pick(["a", "長", "𥂁", "é", "\\", "\u{1}", "\""].map { Array($0.utf8) })
    var long = [UInt8](repeating: UInt8(ascii: "x"), count: 1 + random.below(5))
    while long.count < 65_530 + random.below(20) { long += filler }
    return long + body
  }

  public func difference(_ input: [UInt8]) throws -> String? {
    let source = Self.head + input
    guard let validated = try ValidatedSource(source) else { return "refused" }
    var scanner = RecordScanner()
    var lines = 0
    for line in validated.output.findings.split(separator: 10, omittingEmptySubsequences: false).dropLast() {
      lines += 1
      if let wrong = try difference(Array(line), source, validated.header, &scanner) {
        return "\(wrong): \(String(decoding: line, as: UTF8.self))"
      }
    }
    return lines == validated.tally.findings ? nil : "\(lines) lines and \(validated.tally.findings) findings"
  }

  private func difference(
    _ line: [UInt8], _ source: [UInt8], _ header: Header, _ scanner: inout RecordScanner
  ) throws -> String? {
    let object = try StrictJSON.object(line)
    let finding = try Finding(line: line)
    guard case .number(let offset)? = object["byte_offset"], case .number(let number)? = object["line"] else {
      return "byte_offset or line is missing"
    }
    let raw: [UInt8]
    switch (object["raw"], object["raw_base64"]) {
    case (.text(let bytes)?, nil): raw = bytes
    case (nil, .text(let base64)?): raw = try StrictJSON.bytes(base64: base64)
    default: return "not exactly one of raw and raw_base64"
    }
    guard finding.rawBytes == raw, finding.byteOffset == offset, finding.line == number else {
      return "Finding has other values"
    }
    guard source[offset...].starts(with: raw) else { return "other bytes" }
    guard number == 1 + source[..<offset].count(where: { $0 == 10 }) else { return "another line" }
    let rest = source[(offset + raw.count)...]
    if object["truncated"] != nil {
      guard (65_533...65_536).contains(raw.count) else { return "cut at \(raw.count)" }
    } else {
      guard rest.isEmpty || rest.first == 10 || rest.starts(with: [13, 10]) else { return "not the whole record" }
    }
    // Checks only that this does not crash.
    _ = raw.withUnsafeBufferPointer { BANExtractor.of($0, header: header, scanner: &scanner) }
    return nil
  }

  private static let pieces: [[UInt8]] =
    [
      "04595257,甲\n", "04595257,\"a\"b\n", "x,甲\n", "10000009,\n", "\"", "\"\n", "\n", "\r\n", "\r", "\u{0}", "\u{1}",
      "\u{1F}", "\u{7F}", "\u{2028}", "\\", "\\u0041", "\"\"", "/", "</script>", "\u{FEFF}", "\u{FFFF}", "𥂁",
      "\u{D7FF}",
      "\u{E000}", "\u{10FFFF}", "04595257,",
    ].map { Array($0.utf8) } + [
      [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC1, 0x81], [0xF0, 0x9F], [0xFF, 10],
    ]
}
