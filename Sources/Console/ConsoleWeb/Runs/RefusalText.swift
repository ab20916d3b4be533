import ConsoleQueries

/// Translates the reasons of a refusal. The pipeline writes them in English, with the names of its options.
package struct RefusalText {
  package let texts: Texts
  package let language: Language

  package init(texts: Texts, language: Language) {
    self.texts = texts
    self.language = language
  }

  /// Returns the text of a reason. An unknown reason stays as it is.
  package func text(_ reason: String) -> String { text(reason, "run_reason_") }

  /// Returns the text of a reason in a few words.
  package func short(_ reason: String) -> String { text(reason, "run_short_") }

  private func text(_ reason: String, _ prefix: String) -> String {
    for (key, pattern) in Self.patterns {
      guard let values = pattern.values(of: reason) else { continue }
      return MessageTemplate(texts.text(prefix + key, language)).filled(with: values.mapValues(shown))
    }
    return reason
  }

  private static let patterns = sentences.map { (key: $0.key, pattern: MessageTemplate($0.sentence)) }

  /// Each reason as the acceptance checks of load and transform write it. The first match counts.
  private static let sentences: [(key: String, sentence: String)] = [
    ("fewer", "%1 records where snapshot %2 has %3: %4 % fewer, more than --max-decrease %5"),
    (
      "fewer_distinct",
      "%1 records without duplicates and blank ones where snapshot %2 has %3: %4 % fewer, more than --max-decrease %5"
    ),
    ("more", "%1 records where snapshot %2 has %3: %4 % more, over --max-increase %5"),
    ("change", "%1 of %2 businesses changed or vanished: %3 %, more than --max-change %4"),
    ("city", "%1 lost %2 of %3 businesses: %4 %, more than --max-city-loss %5"),
    ("date", "its source date %1 is before %2, which was published already"),
    ("no_date", "it has no source date, so it may be older than %1, which was published already"),
    ("future", "its source date %1 is %2 days in the future"),
    ("column", "it lacks the column %1, which snapshot %2 has"),
    ("no_column", "it lacks the column %1"),
    (
      "emptied_industry",
      "industry %1 is empty for %2 of the %3 businesses that have it: the source's column may have come empty"
    ),
    ("emptied", "%1 is empty for %2 of the %3 businesses that have it: the source's column may have come empty"),
    (
      "malformed",
      "%1 findings %2 in %3 accepted records: the source may have changed how it writes that column"
    ),
    (
      "malformed_industry",
      "%1 findings %2 in %3 industries: the source may have changed how it writes that column"
    ),
    ("sample", "it is a sample, and the registry holds the whole snapshot %1"),
    ("limited", "it is limited to %1 records, and the registry holds the whole snapshot %2"),
    ("rejects", "%1 of %2 records are rejected, more than --max-rejects %3"),
    ("cut", "the source ends in the middle of its last record, so it may have been cut"),
    ("nothing", "not one of its %1 records is accepted"),
    // One message, which has the separator of reasons in its middle.
    ("no_record", "no record follows its header (lines must end with LF or CRLF"),
    ("line_ends", "CR alone does not end a line)"),
  ]

  /// Returns a value as pages show it: numbers with commas, columns and codes of findings by their names.
  private func shown(_ value: String) -> String {
    if let number = Int(value) { return RunText.grouped(number) }
    if value.hasSuffix(".0"), Double(value) != nil { return String(value.dropLast(2)) }
    for prefix in ["run_column_", "finding_code_"] {
      let key = prefix + value.lowercased()
      let text = texts.text(key, language)
      if text != key { return text }
    }
    return value
  }
}
