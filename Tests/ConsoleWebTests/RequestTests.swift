import ConsoleWeb
import Foundation
import Testing

@Suite("What browsers send")
struct RequestTests {
  @Test("fields come out as they were typed")
  func fields() throws {
    let form = try #require(FormFields(encoded: "a=1+2%2B3&b=%E8%87%BA%E5%8C%97&c&d=%20%E3%80%80x%20&e=1&e=2&=z"))
    #expect(form["a"] == "1 2+3")
    #expect(form["b"] == "臺北")
    #expect(form["c"] == nil)
    #expect(form["d"] == "x", "white space around it, of any width, is none of it")
    #expect(form.values["d"] == " \u{3000}x ")
    #expect(form["e"] == "2")
    #expect(form["missing"] == nil)
  }

  @Test("what is no text, or endless, is refused")
  func refused() {
    for text in ["a=%00", "a=%FF", "a=%E8%87", "%00=a", Array(repeating: "a=1", count: 101).joined(separator: "&")] {
      #expect(FormFields(encoded: text) == nil, "\(text.prefix(20))")
    }
    #expect(FormFields(encoded: "") == FormFields())
  }

  @Test(
    "the way back after logging in leads nowhere else",
    arguments: [
      "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "evil", "/a b", "/\u{7F}",
      "/\n/evil",
      "/" + String(repeating: "a", count: 3000),
    ])
  func elsewhere(text: String) { #expect(LocalPath.checked(text) == "/") }

  @Test("and to our own pages where it may")
  func here() {
    #expect(LocalPath.checked("/registrations?name=%E8%87%BA&after=x") == "/registrations?name=%E8%87%BA&after=x")
    #expect(LocalPath.checked(nil) == "/")
    let text = "/a?b=c&d=%20'\"<臺>"
    #expect(FormFields(encoded: "to=" + LocalPath.encode(text))?.values["to"] == text)
  }

  @Test("times are of Taipei")
  func times() {
    #expect(TaipeiTime.text("2026-11-25 13:52:49.123+00") == "2026-11-25 21:52:49")
    #expect(TaipeiTime.text("2026-12-31 16:00:00+00") == "2027-01-01 00:00:00")
    #expect(TaipeiTime.text("no time") == "no time")
    #expect(TaipeiTime.text(0) == "1970-01-01 08:00:00")
    var generator = SystemRandomNumberGenerator()
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "Asia/Taipei")
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    for _ in 0..<200 {
      let seconds = Int64.random(in: 1_000_000_000...4_000_000_000, using: &generator)
      let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
      #expect(TaipeiTime.text(seconds) == expected, "\(seconds)")
    }
  }
}
