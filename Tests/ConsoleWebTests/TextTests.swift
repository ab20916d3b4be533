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

  @Test("each text that a template uses exists", arguments: Language.allCases)
  func templates(language: Language) throws { _ = try Templates(language) }

  @Test("each column and each code has a text")
  func declarations() {
    for column in RegistrationChange.columnNames {
      #expect(Texts.all[.english]["run_column_" + column] != nil, "\(column)")
    }
    for code in FindingCode.allCases {
      #expect(Texts.all[.english]["finding_code_" + code.code.lowercased()] != nil, "\(code.code)")
    }
  }

  @Test("each reason of a refusal is translated, without names of options", arguments: Language.allCases)
  func refusals(language: Language) {
    let reasons = [
      "9000 records where snapshot S1 has 20340: 55.75 % fewer, more than --max-decrease 5%",
      "9000 records without duplicates and blank ones where snapshot S1 has 20340: 55.75 % fewer, more than --max-decrease 5%",
      "30000 records where snapshot S1 has 20340: 47.49 % more, over --max-increase 12.5%",
      "1500 of 3020 businesses changed or vanished: 49.67 %, more than --max-change 40%",
      "金門縣 lost 9614 of 9614 businesses: 100.0 %, more than --max-city-loss 50%",
      "its source date 2026-09-01 is before 2026-09-02, which was published already",
      "it has no source date, so it may be older than 2026-09-02, which was published already",
      "its source date 2027-09-01 is 300 days in the future", "it lacks the column 營業地址, which snapshot S1 has",
      "it lacks the column 營業地址",
      "industry 2 is empty for 60 of the 90 businesses that have it: the source's column may have come empty",
      "business_address is empty for 60 of the 90 businesses that have it: the source's column may have come empty",
      "60 findings INVALID_DATE in 100 accepted records: the source may have changed how it writes that column",
      "60 findings INVALID_INDUSTRY_CODE in 100 industries: the source may have changed how it writes that column",
      "it is a sample, and the registry holds the whole snapshot S1",
      "it is limited to 10 records, and the registry holds the whole snapshot S1",
      "31 of 3030 records are rejected, more than --max-rejects 1%",
      "the source ends in the middle of its last record, so it may have been cut",
      "not one of its 12 records is accepted", "no record follows its header (lines must end with LF or CRLF",
      "CR alone does not end a line)",
    ]
    let refusal = RefusalText(texts: Texts.all, language: language)
    for reason in reasons {
      let text = refusal.text(reason)
      #expect(text != reason && !text.contains("--") && !text.contains("run_reason"), "\(reason): \(text)")
      let short = refusal.short(reason)
      #expect(short != reason && !short.contains("--") && !short.contains("run_short"), "\(reason): \(short)")
      // The names of snapshots are not shown.
      for shown in [text, short] { #expect(!shown.contains("S1") && !shown.contains("%1"), "\(reason): \(shown)") }
    }
    #expect(refusal.text("a reason of a later version") == "a reason of a later version")
  }

  @Test("numbers, columns and codes in a refusal are shown as on pages")
  func refusalValues() {
    let refusal = RefusalText(texts: Texts.all, language: .chinese)
    #expect(
      refusal.text("金門縣 lost 9614 of 9614 businesses: 100.0 %, more than --max-city-loss 50%")
        == "金門縣原有 9,614 家，這次少了 9,614 家（減少 100%，上限 50%）")
    #expect(
      refusal.short("金門縣 lost 9614 of 9614 businesses: 100.0 %, more than --max-city-loss 50%") == "金門縣少 9,614 家")
    #expect(
      refusal.short("9000 records where snapshot S1 has 20340: 55.75 % fewer, more than --max-decrease 5%")
        == "減少 55.75%")
    #expect(
      refusal.text("金門縣 lost 46278 of 46279 businesses: 99.99 %, more than --max-city-loss 50%")
        == "金門縣原有 46,279 家，這次少了 46,278 家（減少 99.99%，上限 50%）")
    let emptied =
      "business_address is empty for 60 of the 90 businesses that have it: the source's column may have come empty"
    #expect(refusal.text(emptied).contains("營業地址"))
    let malformed =
      "60 findings INVALID_DATE in 100 accepted records: the source may have changed how it writes that column"
    #expect(refusal.text(malformed).contains(Texts.all[.chinese]["finding_code_invalid_date"] ?? "–"))
  }

  @Test("each known cause of a failure has a text and what to do", arguments: Language.allCases)
  func causes(language: Language) throws {
    for key in FailureCause.keys {
      for key in ["run_cause_\(key)", "run_cause_\(key)_do"] {
        let text = try #require(Texts.all[language][key], "\(key)")
        #expect(!text.contains("--"))
      }
    }
  }

  @Test(
    "the cause of a failure is found in the pipeline's message",
    arguments: [
      (
        "unable to fetch https://a.example/x.csv: Could not resolve host: a.example (curl 6); gave up after 4 attempts",
        "name"
      ),
      ("unable to fetch http://127.0.0.1:9/x.csv: Failed to connect to 127.0.0.1 port 9 (curl 7)", "refused"),
      ("unable to fetch https://a.example/x.csv within 3600 s (--timeout)", "timeout"),
      ("unable to fetch https://a.example/x.csv: the server answers 404", "not_found"),
      ("unable to fetch https://a.example/x.csv: the server answers 503; gave up after 4 attempts", "server"),
      ("unable to fetch https://a.example/x.csv: the server answers 407, since the proxy requires a login", "proxy"),
      ("there is no file '/data/x.csv'", "no_file"),
      ("unable to write '/spool/x': no space left on device", "disk"),
      ("database 'r' on host 'h' port 5432: could not extend file, SQLSTATE 53100", "database_disk"),
      (
        "database 'r' on host 'h' port 5432: connection to server at \"h\" failed: Connection refused",
        "database_refused"
      ),
      (
        "database 'r' on host 'h' port 5432: permission denied for table publication, SQLSTATE 42501", "database_rights"
      ),
      ("unable to open '/spool/lock': permission denied", "rights"),
    ])
  func cause(message: String, key: String) { #expect(FailureCause.key(of: message) == key) }

  @Test("the file of a failure is found in the message")
  func quoted() {
    #expect(FailureCause.quoted("there is no file '/data/o'clock.csv'") == "/data/o'clock.csv")
    for message in ["no quotes", "one ' quote", ""] { #expect(FailureCause.quoted(message) == nil) }
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
