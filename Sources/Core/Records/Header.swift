/// The header: maps the source's columns to those of the registry.
public struct Header: Sendable, Equatable {
  /// All names as published, trimmed.
  public let names: [String]
  /// For each ``Column``, by its raw value, the index of its field; -1 if the source lacks it.
  let fieldOf: [Int]

  /// Known columns that the source lacks; their values are missing.
  public var missing: [String] { Column.allCases.filter { fieldOf[$0.rawValue] < 0 }.map(\.name) }
  /// Unknown columns of the source; they are ignored.
  public var unknown: [String] { names.filter { Column(name: $0) == nil } }

  /// - Throws: ``HeaderProblem`` if these are not a registry's names.
  public init(names: [String]) throws(HeaderProblem) {
    var fieldOf = [Int](repeating: -1, count: Column.allCases.count)
    for (index, name) in names.enumerated() {
      guard let column = Column(name: name) else { continue }
      guard fieldOf[column.rawValue] < 0 else { throw .repeatedColumn(name) }
      fieldOf[column.rawValue] = index
    }
    let missing = Column.required.filter { fieldOf[$0.rawValue] < 0 }
    guard missing.isEmpty else { throw .missingColumns(missing.map(\.name), names: names) }
    self.names = names
    self.fieldOf = fieldOf
  }
}

/// Why a source's header is refused.
public enum HeaderProblem: Error, Sendable, Equatable, CustomStringConvertible {
  case empty
  case notCSV
  case notUTF8
  case webPage
  case archive(String)
  case missingColumns([String], names: [String])
  case repeatedColumn(String)

  public var description: String {
    switch self {
    case .empty: return "the source is empty: it has no header"
    case .notCSV: return "line 1 is not a CSV header: a quoted name does not end, or the line is too long"
    case .notUTF8: return "line 1 is not a CSV header in UTF-8"
    case .webPage: return "the source is a web page (HTML), not a CSV file"
    case .archive(let kind): return "the source is a \(kind) file, not a CSV file"
    case .repeatedColumn(let name): return "the header has the column \(name) twice"
    case .missingColumns(let missing, let names):
      // The first line may be any text: a few names are enough to recognise it.
      let found = names.prefix(4).map { $0.count > 20 ? $0.prefix(20) + "…" : $0 }.joined(separator: ",")
      let shown = String(String.UnicodeScalarView(found.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
      return "the header lacks \(missing.joined(separator: " and ")); it begins with '\(shown)'"
    }
  }
}

/// Invisible characters (Unicode's general category Cf): byte order marks, zero-width and directional ones. Programs
/// put them before the first column's name, which would then be unknown.
enum FormatCharacters {
  /// From Unicode 15. A table of our own, so that results do not depend on the version of Swift.
  private static let ranges: [ClosedRange<UInt32>] = [
    0xAD...0xAD, 0x600...0x605, 0x61C...0x61C, 0x6DD...0x6DD, 0x70F...0x70F, 0x890...0x891, 0x8E2...0x8E2,
    0x180E...0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0x2066...0x206F, 0xFEFF...0xFEFF,
    0xFFF9...0xFFFB, 0x110BD...0x110BD, 0x110CD...0x110CD, 0x13430...0x1343F, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A,
    0xE0001...0xE0001, 0xE0020...0xE007F,
  ]

  /// Returns the offset after the format characters at the start; nil if more bytes are needed to decide.
  static func end(_ base: UnsafePointer<UInt8>, _ count: Int, isFinal: Bool) -> Int? {
    var offset = 0
    while offset < count, base[offset] >= 0x80 {
      let width = base[offset] >= 0xF0 ? 4 : base[offset] >= 0xE0 ? 3 : 2
      guard offset + width <= count else { return isFinal ? offset : nil }
      guard TextEncoding.wellFormedPrefix(base + offset, width, allowNUL: false) == width else { return offset }
      var scalar = UInt32(base[offset]) & (width == 2 ? 0x1F : width == 3 ? 0x0F : 0x07)
      for index in 1..<width { scalar = scalar << 6 | UInt32(base[offset + index] & 0x3F) }
      guard ranges.contains(where: { $0.contains(scalar) }) else { return offset }
      offset += width
    }
    return offset < count || isFinal ? offset : nil
  }
}
