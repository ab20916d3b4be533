import Postgres

/// The businesses that match a search text, as SQL: several ways to match, each by its own index.
package struct TextMatches {
  /// How much a search looks at.
  package struct Limits: Sendable {
    /// How many businesses each way finds at most. A text that more businesses match says too little to sort them.
    package var found = 2_000
    /// How many rows of an industry are looked up one by one. An industry with more rows is common.
    package var industryRows = 30_000
    /// How many rows of a common industry are looked up, if another word names a common industry too.
    package var commonRows = 5_000
    /// The share of names from which a word is frequent. Its entries in the index are so many that names are compared
    /// instead.
    package var frequentShare = 0.05
    /// The share of the table, in percent, from which that share is estimated.
    package var samplePercent = 0.05

    package init() {}
  }

  private let limits: Limits
  private let text: SearchText
  private let words: [SearchText.Word]
  private let hasBigrams: Bool
  /// The industry codes that each word names.
  private let codes: [[String]]
  /// Whether these industries are common.
  private let isCommon: [Bool]
  /// Whether the names that contain each word are many.
  private let isFrequent: [Bool]

  init(_ text: SearchText, _ connection: inout Connection, limits: Limits = Limits()) throws {
    self.text = text
    self.limits = limits
    hasBigrams = try SearchIndexes.hasBigrams(&connection)
    // The names of industries have the same marks as those that separate words: 汽車零件、用品批發.
    if let name = text.listed, case let codes = try Industries.codes(of: name, &connection), !codes.isEmpty {
      words = [SearchText.Word(text: name, digits: nil)]
      self.codes = [codes]
    } else {
      words = text.words
      codes = try text.words.map { try Industries.codes(named: $0, &connection) }
    }
    isFrequent = try hasBigrams ? Self.frequent(words, limits, &connection) : words.map { _ in false }
    let isSingle = words.count == 1
    isCommon = try codes.map { codes in
      guard !isSingle, !codes.isEmpty else { return false }
      return try connection.bool(
        """
        SELECT count(*) > \(limits.industryRows) FROM (
          SELECT FROM business_industry WHERE industry_code = ANY ($1::text[] COLLATE "C")
          LIMIT \(limits.industryRows + 1)) AS found
        """, [SQLValues.array(codes)])
    }
  }

  /// Estimates which words many names contain, from the names on a few pages of the table: always the same pages, since
  /// a further page of the list needs the same search.
  private static func frequent(
    _ words: [SearchText.Word], _ limits: Limits, _ connection: inout Connection
  ) throws -> [Bool] {
    var values = SQLValues()
    let counts = words.map { word in
      let contains = RegistrationText.contains("r.business_name", values.add(word.text))
      return "count(*) > 0 AND count(*) FILTER (WHERE \(contains)) >= \(limits.frequentShare) * count(*)"
    }
    return try connection.texts(
      """
      SELECT unnest(ARRAY[\(counts.joined(separator: ", "))])
      FROM tax_registration r TABLESAMPLE SYSTEM (\(limits.samplePercent)) REPEATABLE (1)
      """, values.values
    ).map { $0 == "t" }
  }

  /// Returns queries of a column `ban`, one for each way to match.
  ///
  /// - Parameters:
  ///   - filters: further conditions on the row `r`.
  ///   - limit: how many businesses each query finds at most; nil for all.
  func ways(_ values: inout SQLValues, filters: [String], limit: Int?) -> [String] {
    let names = zip(words, isFrequent).map { name($0, &values, byIndex: hasBigrams && !$1) }
    // The address first: to compare a city costs less than to search a name.
    let texts = zip(words, names).map { word, name in
      "(\(address(word, &values, byIndex: hasBigrams)) OR \(name))"
    }
    func others(_ index: Int) -> [String] { texts.indices.filter { $0 != index }.map { texts[$0] } }
    let end = limit.map { " LIMIT \($0)" } ?? ""
    func select(_ conditions: [String]) -> String {
      "SELECT r.ban FROM tax_registration r WHERE \((conditions + filters).joined(separator: " AND "))"
    }
    func way(_ conditions: [String]) -> String { select(conditions) + end }
    var ways: [String] = []
    for (index, word) in words.enumerated() {
      if let digits = word.digits {
        let start = values.add(digits)
        let isBAN =
          digits.utf8.count == 8
          ? ["r.ban = \(start)"] : ["r.ban >= \(start)", "r.ban < \(values.add(digits.endOfPrefix))"]
        ways.append(way(isBAN + words.indices.filter { $0 != index }.map { compared($0, &values) }))
      }
      if !codes[index].isEmpty {
        let list = values.add(SQLValues.array(codes[index]), #"text[] COLLATE "C""#)
        let rest = words.indices.filter { $0 != index }
        // Whether only this word names industries.
        let isOnly = rest.allSatisfy { codes[$0].isEmpty }
        let isBound = isCommon[index] && (limit != nil || !isPart)
        if rest.contains(where: isSelective), isOnly || isBound {
          // Those that one of the other words finds by an index, by a hash table of the industry's businesses. Words that name
          // smaller industries have ways of their own.
          ways.append(
            """
            SELECT m.ban FROM (\(select(others(index))) OFFSET 0) AS m
            WHERE m.ban IN (SELECT business_id FROM business_industry WHERE industry_code = ANY (\(list)))\(end)
            """)
          guard isPart else { continue }
        }
        let conditions = ["r.ban = i.business_id"] + rest.map { compared($0, &values) } + filters
        let rows = limit != nil && isCommon[index] && isPart ? " LIMIT \(limits.commonRows)" : ""
        // Business by business: the server might prefer to read all that match the other words.
        ways.append(
          """
          SELECT m.ban FROM (
            SELECT business_id FROM business_industry WHERE industry_code = ANY (\(list))\(rows)
          ) AS i CROSS JOIN LATERAL (
            SELECT r.ban FROM tax_registration r WHERE \(conditions.joined(separator: " AND ")) OFFSET 0) AS m\(end)
          """)
      }
    }
    ways.append(way(names))
    ways.append(way(texts))
    // Names that contain a word may be too many. Those that begin with it come first.
    for (index, word) in words.enumerated() where word.text.unicodeScalars.count > 1 && word.city == nil {
      for spelling in Set([word.text, word.text.replacing("臺", with: "台")]) {
        let start = values.add(spelling)
        let end = values.add(spelling.endOfPrefix)
        ways.append(way(["r.business_name >= \(start)", "r.business_name < \(end)"] + others(index)))
      }
    }
    return ways
  }

  /// Whether a search may miss businesses that match two words by large industries only.
  var isPart: Bool { isCommon.count { $0 } > 1 }

  /// Whether an index finds the names and addresses with a word. The index of cities finds even large ones fast.
  private func isSelective(_ index: Int) -> Bool {
    hasBigrams && (words[index].city != nil || !isFrequent[index] && words[index].text.unicodeScalars.count > 1)
  }

  /// The condition that the business `r` matches a word in any way, without an index.
  private func compared(_ index: Int, _ values: inout SQLValues) -> String {
    let word = words[index]
    // The address first: to compare a city costs less than to fold a name.
    var conditions = [address(word, &values, byIndex: false), name(word, &values, byIndex: false)]
    if !codes[index].isEmpty { conditions.append(ofIndustry(index, &values)) }
    return "(\(conditions.joined(separator: " OR ")))"
  }

  /// The condition that the business `r` has an industry that a word names.
  private func ofIndustry(_ index: Int, _ values: inout SQLValues) -> String {
    let list = values.add(SQLValues.array(codes[index]), #"text[] COLLATE "C""#)
    return "(SELECT bool_or(x.industry_code = ANY (\(list))) FROM business_industry x WHERE x.business_id = r.ban)"
  }

  /// Returns how well the business `r` matches, as a number that is less for a better match.
  func rank(_ values: inout SQLValues) -> String {
    let name = RegistrationText.folded("r.business_name")
    let whole = values.add(text.words.map(\.text).joined())
    let starts = text.words.map { "starts_with(\(name), \(values.add($0.text)))" }
    var cases = ["WHEN \(name) = \(whole) THEN 1", "WHEN \(starts.joined(separator: " OR ")) THEN 2"]
    if let ban = text.ban { cases.insert("WHEN r.ban = \(values.add(ban.text)) THEN 0", at: 0) }
    let names = text.words.map { "strpos(\(name), \(values.add($0.text))) > 0" }
    cases.append("WHEN \(names.joined(separator: " AND ")) THEN 3")
    // 咖啡 臺北市: a name with one of the words is before an industry.
    let some = zip(text.words, names).filter { $0.0.city == nil }.map(\.1)
    if !some.isEmpty, names.count > 1 { cases.append("WHEN \(some.joined(separator: " OR ")) THEN 4") }
    return "CASE \(cases.joined(separator: " ")) ELSE 5 END"
  }

  /// The conditions for an index come last: in an OR the server evaluates them for each row that it finds, and to make
  /// the bigrams of a text costs ten times as much as to search it.
  ///
  /// - Parameter byIndex: whether the condition can use an index.
  private func name(_ word: SearchText.Word, _ values: inout SQLValues, byIndex: Bool) -> String {
    let value = values.add(word.text)
    let contains = RegistrationText.contains("r.business_name", value)
    guard byIndex, word.text.unicodeScalars.count > 1 else { return contains }
    return "(\(contains) AND \(Self.bigrams("r.business_name", [word.text], &values)))"
  }

  /// The condition that a column has the bigrams of all texts, which are folded. Computed here: the server would call
  /// registry_bigrams for each text when it plans the statement.
  private static func bigrams(_ column: String, _ texts: [String], _ values: inout SQLValues) -> String {
    let pairs = texts.flatMap { text in
      zip(text.unicodeScalars, text.unicodeScalars.dropFirst()).map { "\($0)\($1)" }
    }
    return "registry_bigrams(\(column)) @> \(values.add(SQLValues.array(Array(Set(pairs)).sorted()), "text[]"))"
  }

  private func address(_ word: SearchText.Word, _ values: inout SQLValues, byIndex: Bool) -> String {
    if let city = word.city {
      return "address_city(r.business_address) = \(values.add(city))"
    }
    let pattern = word.address
    // 市縣 would be compared with every address.
    guard !pattern.parts.isEmpty else { return "false" }
    let matches = "\(RegistrationText.folded("r.business_address")) ~ \(values.add(pattern.regex))"
    guard byIndex else { return matches }
    // One condition has all bigrams of an address: the index begins with the rarest of them.
    let contains = pattern.spellings.map { Self.bigrams("r.business_address", $0, &values) }
    return "(\(matches) AND (\(contains.joined(separator: " OR "))))"
  }
}
