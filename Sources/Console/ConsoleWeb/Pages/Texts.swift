import Support

/// The texts of the interface in both languages, from tables of `key<TAB>正體中文<TAB>English`, one for each area.
public struct Texts: Sendable {
  private var texts: [Language: [String: String]] = [.chinese: [:], .english: [:]]
  /// Malformed lines and repeated keys. Tests check that there are none.
  public private(set) var faults: [String] = []

  /// The texts of all areas.
  public static let all = Texts(tables: [
    PackageResources.common_tsv, PackageResources.registrations_tsv, PackageResources.runs_tsv,
    PackageResources.figures_tsv, PackageResources.schedules_tsv,
  ])

  init(tables: [[UInt8]]) {
    for table in tables {
      let table = String(decoding: table, as: UTF8.self).replacing("./pipeline.sh", with: PipelineCommand.script)
      for line in table.split(separator: "\n") where !line.hasPrefix("#") {
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !parts.contains(""), texts[.chinese]?[parts[0]] == nil else {
          faults.append(String(line))
          continue
        }
        texts[.chinese]?[parts[0]] = parts[1]
        texts[.english]?[parts[0]] = parts[2]
      }
    }
  }

  /// All texts of a language by key.
  public subscript(_ language: Language) -> [String: String] { texts[language] ?? [:] }

  /// Returns a text with `%1` to `%9` replaced; the key itself if it is unknown.
  public func text(_ key: String, _ language: Language, _ values: [String] = []) -> String {
    let parts = (texts[language]?[key] ?? key).split(separator: "%", omittingEmptySubsequences: false)
    // Replaced in one pass, so that a `%1` inside a value stays.
    return parts.dropFirst().reduce(into: String(parts[0])) { text, part in
      guard let number = part.first?.wholeNumberValue, number >= 1, number <= values.count else {
        text += "%" + part
        return
      }
      text += values[number - 1] + part.dropFirst()
    }
  }
}

/// The languages of the interface, the default one first.
public enum Language: String, Sendable, CaseIterable {
  case chinese = "zh-TW"
  case english = "en"

  /// The other language.
  public var other: Language { self == .chinese ? .english : .chinese }
}
