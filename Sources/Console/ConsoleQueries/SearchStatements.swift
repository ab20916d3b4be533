extension SearchIndexes {
  /// The statements that create one index.
  struct Definition {
    let name: String
    /// `CREATE INDEX CONCURRENTLY …`
    let create: String
    /// The statements after it, such as COMMENT ON.
    var rest: [String] = []

    /// Returns the CREATE statement with schema names.
    ///
    /// - Parameter schema: the registry's schema, quoted.
    func create(in schema: String) -> String {
      create.replacing("ON tax_registration", with: "ON \(schema).tax_registration")
        .replacing("(registry_bigrams(", with: "(\(schema).registry_bigrams(")
    }
  }

  /// The statements of search.sql, which are separated by empty lines.
  private static let statements = String(decoding: PackageResources.search_sql, as: UTF8.self)
    .split(separator: "\n\n").map(String.init)

  /// The statements before the first index: the function that indexes use.
  static var functions: [String] { statements.prefix { indexName($0) == nil }.filter { !isComment($0) } }

  /// The indexes, each with its COMMENT ON.
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
