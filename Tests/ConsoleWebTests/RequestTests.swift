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

@Suite("Where a request comes from")
struct AddressTests {
  @Test(
    "addresses are read as proxies write them",
    arguments: [
      ("192.0.2.7", "192.0.2.7"), (" 192.0.2.7 ", "192.0.2.7"), ("192.0.2.7:4711", "192.0.2.7"),
      ("2001:DB8::7", "2001:db8::7"), ("[2001:db8::7]:4711", "2001:db8::7"), ("[2001:db8::7]", "2001:db8::7"),
      ("::1", "::1"),
    ])
  func addresses(text: String, address: String) { #expect(ClientAddress.parse(text) == address) }

  @Test(
    "and what is none is not",
    arguments: ["", "unknown", "<script>", "192.0.2", "192.0.2.256", "1.2.3.4.5", "[::1", "::g"])
  func none(text: String) { #expect(ClientAddress.parse(text) == nil) }

  @Test("of IPv6 a whole network counts as one")
  func networks() {
    #expect(ClientAddress.network("2001:db8:1:2:3:4:5:6") == ClientAddress.network("2001:db8:1:2::1"))
    #expect(ClientAddress.network("2001:db8:1:2::1") != ClientAddress.network("2001:db8:1:3::1"))
    #expect(ClientAddress.network("192.0.2.7") == "192.0.2.7")
    #expect(ClientAddress.network("unknown") == "unknown")
  }
}
