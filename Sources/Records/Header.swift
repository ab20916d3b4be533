/// The header: which of the source's columns is which of ours.
public struct Header: Sendable, Equatable {
  /// All names as published, trimmed.
  public let names: [String]
  /// For each ``Column``, by its raw value, the index of its field; -1 where the source lacks it.
  let fieldOf: [Int]

  /// Known columns that the source lacks; they read as empty.
  public var missing: [String] { Column.allCases.filter { fieldOf[$0.rawValue] < 0 }.map(\.name) }
  /// Columns of the source that nobody knows; they are ignored.
  public var unknown: [String] { names.filter { Column(name: $0) == nil } }

  /// - Throws: ``HeaderProblem`` where no registry can be read by these names.
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

/// Why a source has no header that a registry can be read by.
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
      // What stands there instead may be anything: a few names are enough to see it.
      let found = names.prefix(4).map { $0.count > 20 ? $0.prefix(20) + "…" : $0 }.joined(separator: ",")
      let shown = String(String.UnicodeScalarView(found.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
      return "the header lacks \(missing.joined(separator: " and ")); it begins with '\(shown)'"
    }
  }
}
