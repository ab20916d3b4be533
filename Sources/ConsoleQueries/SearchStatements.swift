extension SearchIndexes {
  struct Definition {
    let name: String
    var statements: [String]
  }

  /// The statements of search.sql: an empty line stands between two.
  private static let statements = String(decoding: PackageResources.search_sql, as: UTF8.self)
    .split(separator: "\n\n").map(String.init)

  /// What the indexes are made with.
  static var functions: [String] { statements.prefix { indexName($0) == nil }.filter { !isComment($0) } }

  /// Each with its comment.
  static var indexes: [Definition] {
    var definitions: [Definition] = []
    for statement in statements {
      if let name = indexName(statement) {
        definitions.append(Definition(name: name, statements: [statement]))
      } else if !definitions.isEmpty {
        definitions[definitions.count - 1].statements.append(statement)
      }
    }
    return definitions
  }

  private static func isComment(_ statement: String) -> Bool {
    statement.split(separator: "\n").allSatisfy { $0.hasPrefix("--") }
  }

  private static func indexName(_ statement: String) -> String? {
    let words = statement.split(whereSeparator: \.isWhitespace)
    return words.starts(with: ["CREATE", "INDEX", "CONCURRENTLY"]) && words.count > 3 ? String(words[3]) : nil
  }
}
