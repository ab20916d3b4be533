extension SearchIndexes {
  struct Definition {
    let name: String
    /// `CREATE INDEX CONCURRENTLY …`
    let create: String
    /// What follows it.
    var rest: [String] = []

    /// - Parameter schema: where the registry is, quoted.
    func create(in schema: String) -> String {
      create.replacing("ON tax_registration", with: "ON \(schema).tax_registration")
        .replacing("(registry_bigrams(", with: "(\(schema).registry_bigrams(")
    }
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
        definitions.append(Definition(name: name, create: statement))
      } else if !definitions.isEmpty {
        definitions[definitions.count - 1].rest.append(statement)
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
