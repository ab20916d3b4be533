/// How texts are compared in a search: the source writes numbers in addresses full-width and people type them
/// half-width, 台 and 臺 are one, and so are a and A. registry_bigrams in search.sql spells the same out.
enum RegistrationText {
  static func folded(_ sql: String) -> String { "upper(\(oneTai("normalize(\(sql), NFKC)")) COLLATE \"C\")" }

  static func oneTai(_ sql: String) -> String { "replace(\(sql), '台', '臺')" }

  /// Whether a column contains a text. Most that contain it do so as it was given: folding is for the others.
  static func contains(_ column: String, _ text: String) -> String {
    "(strpos(\(column), \(text)) > 0 OR strpos(\(folded(column)), \(folded(text))) > 0)"
  }
}
