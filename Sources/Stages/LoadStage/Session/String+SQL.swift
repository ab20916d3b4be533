import Support

extension String {
  /// A statement from `SQL/*.sql`, without the comment at its beginning. As in psql, `:name` outside of literals and
  /// comments stands for a piece of SQL, and `:'name'` for a value that is quoted here.
  ///
  /// - Throws: category `bug` if a name has no value or a value has no name in the statement.
  package init(sql file: [UInt8], _ values: [String: String] = [:]) throws(Failure) {
    let lines = String(decoding: file, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    let statement = lines.drop { $0.hasPrefix("--") }.joined(separator: "\n")
    self = try values.isEmpty && !statement.contains(":") ? statement : SQLNames(statement).replaced(by: values)
  }

  /// Returns a text as an SQL literal. `standard_conforming_strings` is on in our sessions.
  static func sqlLiteral(_ text: String) -> String {
    // By scalars: an apostrophe with a combining mark is a different Character.
    "'" + text.unicodeScalars.filter { $0 != "\0" }.map { $0 == "'" ? "''" : String($0) }.joined() + "'"
  }
}

/// Replaces the `:name` and `:'name'` of a statement.
private struct SQLNames {
  private let text: [Unicode.Scalar]
  private var index = 0
  private var result = String.UnicodeScalarView()

  init(_ statement: String) { text = Array(statement.unicodeScalars) }

  consuming func replaced(by values: [String: String]) throws(Failure) -> String {
    var unused = Set(values.keys)
    while index < text.count {
      switch text[index] {
      case "'", "\"": copy(through: text[index])
      case "-" where follows("-"): copy(through: "\n")
      case ":" where follows(":"): copy(2)
      case ":":
        guard let (name, isQuoted, length) = name() else {
          copy(1)
          continue
        }
        guard let value = values[name] else {
          throw Failure(.bug, "internal error: the placeholder ':\(name)' of an SQL statement has no value")
        }
        unused.remove(name)
        result.append(contentsOf: (isQuoted ? String.sqlLiteral(value) : value).unicodeScalars)
        index += length
      default: copy(1)
      }
    }
    guard unused.isEmpty else {
      throw Failure(.bug, "internal error: an SQL statement has no placeholder ':\(unused.sorted()[0])'")
    }
    return String(result)
  }

  /// Returns the name after a colon, and its number of scalars including the colon and quotes; nil if there is none.
  private func name() -> (String, isQuoted: Bool, length: Int)? {
    let isQuoted = follows("'")
    let name = text[(index + (isQuoted ? 2 : 1))...].prefix { "a"..."z" ~= $0 || $0 == "_" }
    guard !name.isEmpty, !isQuoted || name.endIndex < text.count && text[name.endIndex] == "'" else { return nil }
    return (String(String.UnicodeScalarView(name)), isQuoted, name.count + (isQuoted ? 3 : 1))
  }

  private func follows(_ scalar: Unicode.Scalar) -> Bool { index + 1 < text.count && text[index + 1] == scalar }

  private mutating func copy(_ count: Int) {
    result.append(contentsOf: text[index..<index + count])
    index += count
  }

  private mutating func copy(through end: Unicode.Scalar) {
    let last = text[(index + 1)...].firstIndex(of: end) ?? text.count - 1
    copy(last + 1 - index)
  }
}
