import ConsoleQueries
import ConsoleStore
import ConsoleWeb
import Foundation
import Records
import Schedules
import Testing

@Suite("Texts of the interface")
struct TextTests {
  @Test("each text exists once in both languages")
  func tables() {
    #expect(Texts.all.faults == [])
    #expect(Set(Texts.all[.chinese].keys) == Set(Texts.all[.english].keys))
    #expect(Texts.all[.chinese].count > 100)
    // Both languages have the same placeholders.
    for (key, text) in Texts.all[.chinese] {
      let placeholders = { (text: String) in Set(text.matches(of: /%\d/).map { String($0.output) }) }
      #expect(placeholders(text) == placeholders(Texts.all[.english][key] ?? ""), "\(key)")
    }
  }

  @Test("each text that a template uses exists")
  func templates() throws {
    for name in Templates.names {
      let source = String(decoding: Templates.sources[name] ?? [], as: UTF8.self)
      for match in source.matches(of: /\{\{\{?[#^\/]?\s*t\.([a-z_0-9]+)/) {
        #expect(Texts.all[.english][String(match.output.1)] != nil, "\(name): \(match.output.1)")
      }
    }
  }

  @Test("each column and each code has a text")
  func declarations() {
    for column in RegistrationChange.columnNames {
      #expect(Texts.all[.english]["run_column_" + column] != nil, "\(column)")
    }
    for code in FindingCode.allCases {
      #expect(Texts.all[.english]["finding_code_" + code.code.lowercased()] != nil, "\(code.code)")
    }
  }

  @Test("every fault of a schedule has a complete text in both languages", arguments: Language.allCases)
  func faults(language: Language) {
    let timings: [TimingError] = [
      TimingError(.tooLong(limit: 200), part: ""), TimingError(.fieldCount(4), part: "* * * *"),
      TimingError(.unknownNickname, part: "@never"), TimingError(.missingValue, part: "1,", field: .minute),
      TimingError(.unknownValue, part: "x", field: .hour), TimingError(.outOfRange(0...59), part: "60", field: .minute),
      TimingError(.backwards, part: "5-1", field: .dayOfMonth), TimingError(.badStep(1...12), part: "0", field: .month),
      TimingError(.badInterval(1...10), part: "0"), TimingError(.unknownTimeZone, part: "CST", field: nil),
      TimingError(.unknownValue, part: "x", field: .dayOfWeek),
    ]
    let faults: [ScheduleDraft.Fault] =
      [.name, .kind, .neverDue, .repeats, .limit, .retries] + timings.map { .timing($0) }
      + [.timeZone(TimingError(.unknownTimeZone, part: "CST"))]
    let said = faults.map { TimingErrorText(texts: Texts.all, language: language).text($0) }
    for text in said {
      #expect(!text.contains("%") && !text.contains("_"), "\(text)")
      #expect(text.count > 5)
    }
    #expect(said.contains { $0.contains("60") && $0.contains("59") })
  }
}
