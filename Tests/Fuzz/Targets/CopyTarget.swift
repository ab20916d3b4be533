import MalformedInputs
import ReferenceImplementation
import SeededRandom
import TestSupport

/// COPY text returns any text of a record's fields unchanged, read by an independent decoder.
public struct CopyTarget: FuzzTarget {
  public static let name = "copy"
  public static let share = 27

  /// The text columns of a row, then an industry's code and name, each with its limit in scalars.
  private static let columns = [
    ("營業人名稱", 255), ("營業地址", 500), ("組織別名稱", 50), ("設立日期", 20), ("行業代號", 20), ("名稱", 255),
  ]
  /// The stored columns of the texts of a row.
  private static let stored = ["business_name", "business_address", "business_type", "business_setup_date"]
  /// Separates the values of an input.
  private static let separator: UInt8 = 0x1F

  public init() {}

  public func make(_ random: inout SeededRandom) -> [UInt8] {
    var input: [UInt8] = []
    for index in Self.columns.indices {
      if index > 0 { input.append(Self.separator) }
      for _ in 0..<random.below(7) { input += random.pick(Self.pieces) }
    }
    return input
  }

  public func difference(_ input: [UInt8]) throws -> String? {
    let values = Self.values(input)
    let header = "統一編號," + Self.columns.map(\.0).joined(separator: ",") + "\n"
    let fields = values.map(quotedField)
    let source = Array((header + "04595257," + fields.joined(separator: ",") + "\n").utf8)
    guard let validated = try ValidatedSource(source) else { return "refused" }
    let expected = values.map { Self.trimmed($0) }.map { $0.isEmpty ? nil : $0 }
    guard expected[0] != nil else { return validated.tally.accepted == 0 ? nil : "accepted without a name" }
    guard validated.tally.accepted == 1 else { return "not accepted" }
    let rows = try StrictCopyText.rows(validated.output.registrations)
    guard rows.count == 1, rows[0].count == ReferenceRegistration.columns.count + 1,
      rows[0][0] == Array("04595257".utf8)
    else { return "rows \(rows)" }
    for (index, column) in Self.stored.enumerated() {
      let value = ReferenceRegistration.columns.firstIndex(of: column).flatMap { rows[0][$0] }
      guard value != expected[index] else { continue }
      return "\(column): \(value ?? []) and not \(expected[index] ?? [])"
    }
    let industries = try StrictCopyText.rows(validated.output.industries)
    guard let code = expected[4] else { return industries.isEmpty ? nil : "an industry without a code" }
    let industry = [Array("04595257".utf8), code, expected[5], Array("1".utf8)]
    return industries == [industry] ? nil : "industries \(industries) and not \(industry)"
  }

  /// Returns the input's values as text without NUL, cut to their limits.
  private static func values(_ input: [UInt8]) -> [String] {
    let parts = input.split(separator: separator, omittingEmptySubsequences: false)
    return columns.indices.map { index in
      let bytes = index < parts.count ? parts[index].filter { $0 != 0 } : []
      var text = String.UnicodeScalarView()
      text.append(contentsOf: String(decoding: bytes, as: UTF8.self).unicodeScalars.prefix(columns[index].1))
      return String(text)
    }
  }

  private static func trimmed(_ text: String) -> [UInt8] {
    let scalars = Array(text.unicodeScalars)
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return [] }
    var kept = String.UnicodeScalarView()
    kept.append(contentsOf: scalars[first...last])
    return Array(String(kept).utf8)
  }

  private static let pieces: [[UInt8]] =
    [
      "\\", "\\", "\\\\", "\\.", "\\.\n", "\n\\.\n", "\\N", "\\n", "\\t", "\\r", "\\b", "\\0", "\\x41", "\\101", "\t",
      "\n", "\r", "\r\n", "\"", "\"\"", ",", "'", "'; DROP TABLE tax_registration; --", "=cmd()", "NULL", "NA", "N",
      "t", " ", "\u{3000}", "\u{A0}", "\u{85}", "\u{202E}", "\u{200B}", "\u{301}", "\u{1B}[2J", "\u{9B}2J", "\u{8}",
      "\u{B}",
      "\u{C}", "\u{7F}", "\u{FEFF}", "\u{FFFD}", "\u{FFFF}", "店", "𥂁", "\u{10FFFF}", "a", "12", "472927",
    ].map { Array($0.utf8) } + [[0x5C, 0xFF], [0xE5, 0x5C], [0xF0, 0x9F, 0x5C], [0x5C, 0x80]]
}

/// Decodes COPY text by PostgreSQL's manual. Text that PostgreSQL rejects or that is ambiguous is an error.
enum StrictCopyText {
  /// Fields as bytes; nil is NULL.
  static func rows(_ bytes: [UInt8]) throws -> [[[UInt8]?]] {
    var rows: [[[UInt8]?]] = []
    var row: [[UInt8]?] = []
    var field: [UInt8] = []
    var isNull = false
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case 9, 10:
        guard !isNull || field.isEmpty else { throw Unlike(description: "text beside \\N") }
        row.append(isNull ? nil : field)
        (field, isNull) = ([], false)
        if byte == 10 {
          rows.append(row)
          row = []
        }
      case 13: throw Unlike(description: "a literal carriage return")
      case 0: throw Unlike(description: "a NUL")
      case UInt8(ascii: "\\"):
        guard index < bytes.count else { throw Unlike(description: "a backslash at the end") }
        switch bytes[index] {
        case UInt8(ascii: "t"): field.append(9)
        case UInt8(ascii: "n"): field.append(10)
        case UInt8(ascii: "r"): field.append(13)
        case UInt8(ascii: "\\"): field.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "N") where field.isEmpty && !isNull: isNull = true
        default: throw Unlike(description: "a backslash before \(bytes[index])")
        }
        index += 1
      default: field.append(byte)
      }
    }
    guard row.isEmpty, field.isEmpty, !isNull else { throw Unlike(description: "a row without an end") }
    return rows
  }
}
