import ConsoleWeb
import Foundation
import Testing

@Suite("Form fields, return paths and times")
struct RequestTests {
  @Test("fields are decoded as they were typed")
  func fields() throws {
    let form = try #require(FormFields(encoded: "a=1+2%2B3&b=%E8%87%BA%E5%8C%97&c&d=%20%E3%80%80x%20&e=1&e=2&=z"))
    #expect(form["a"] == "1 2+3")
    #expect(form["b"] == "臺北")
    #expect(form["c"] == nil)
    #expect(form["d"] == "x", "white space of any width around a value is trimmed")
    #expect(form.values["d"] == " \u{3000}x ")
    #expect(form["e"] == "2")
    #expect(form["missing"] == nil)
  }

  @Test("invalid UTF-8, NUL and too many fields are rejected")
  func refused() {
    for text in ["a=%00", "a=%FF", "a=%E8%87", "%00=a", Array(repeating: "a=1", count: 101).joined(separator: "&")] {
      #expect(FormFields(encoded: text) == nil, "\(text.prefix(20))")
    }
    #expect(FormFields(encoded: "") == FormFields())
  }

  @Test(
    "a return path to another site is replaced with the start page",
    arguments: [
      "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "evil", "/a b", "/\u{7F}",
      "/\n/evil",
      "/" + String(repeating: "a", count: 3000),
    ])
  func elsewhere(text: String) { #expect(LocalPath.checked(text) == "/") }

  @Test("a return path to a page of the console is kept")
  func here() {
    #expect(LocalPath.checked("/registrations?name=%E8%87%BA&after=x") == "/registrations?name=%E8%87%BA&after=x")
    #expect(LocalPath.checked(nil) == "/")
    let text = "/a?b=c&d=%20'\"<臺>"
    #expect(FormFields(encoded: "to=" + LocalPath.encode(text))?.values["to"] == text)
  }

  @Test("times are shown in the time zone of Taipei")
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

@Suite("Client addresses")
struct AddressTests {
  @Test(
    "addresses are parsed in every form that proxies write",
    arguments: [
      ("192.0.2.7", "192.0.2.7"), (" 192.0.2.7 ", "192.0.2.7"), ("192.0.2.7:4711", "192.0.2.7"),
      ("2001:DB8::7", "2001:db8::7"), ("[2001:db8::7]:4711", "2001:db8::7"), ("[2001:db8::7]", "2001:db8::7"),
      ("::1", "::1"),
    ])
  func addresses(text: String, address: String) { #expect(ClientAddress.parse(text) == address) }

  @Test(
    "invalid addresses are rejected",
    arguments: ["", "unknown", "<script>", "192.0.2", "192.0.2.256", "1.2.3.4.5", "[::1", "::g"])
  func none(text: String) { #expect(ClientAddress.parse(text) == nil) }

  @Test("an IPv4-mapped IPv6 address is treated as IPv4, also for limits")
  func mapped() {
    for text in ["::ffff:192.0.2.7", "::FFFF:c000:207", "[::ffff:192.0.2.7]:4711", "0:0:0:0:0:ffff:192.0.2.7"] {
      #expect(ClientAddress.parse(text) == "192.0.2.7", "\(text)")
      #expect(ClientAddress.network(text) == "192.0.2.7", "\(text)")
    }
    #expect(ClientAddress.network("::ffff:192.0.2.8") != ClientAddress.network("::ffff:192.0.2.7"))
  }

  @Test("an address range contains the addresses with its prefix")
  func ranges() throws {
    let range = try #require(AddressRange("172.18.0.0/15"))
    #expect(range.contains("172.18.0.1") && range.contains("172.19.255.255") && range.contains("::ffff:172.18.3.4"))
    #expect(!range.contains("172.20.0.0") && !range.contains("172.17.255.255") && !range.contains("unknown"))
    #expect(AddressRange("::1")?.contains("::1") == true && AddressRange("::1")?.contains("::2") == false)
    #expect(AddressRange("2001:db8::/33")?.contains("2001:db8:7fff::1") == true)
    #expect(AddressRange("2001:db8::/33")?.contains("2001:db8:8000::1") == false)
    #expect(AddressRange(" 0.0.0.0/0 ")?.contains("192.0.2.7") == true)
    #expect(AddressRange("0.0.0.0/0")?.contains("2001:db8::1") == false)
    for text in ["", "x", "192.0.2.7/33", "::1/129", "192.0.2.7/", "192.0.2.7/-1", "192.0.2.7/8/8"] {
      #expect(AddressRange(text) == nil, "\(text)")
    }
  }

  @Test("forwarded addresses are used only from trusted proxies")
  func proxies() {
    let proxies = ["127.0.0.1", "10.0.0.0/8"].compactMap(AddressRange.init)
    func client(_ peer: String, _ forwarded: String...) -> String { proxies.client(peer, forwarded: forwarded) }
    #expect(client("127.0.0.1", "192.0.2.7") == "192.0.2.7")
    #expect(client("127.0.0.1", "198.51.100.1, 192.0.2.7") == "192.0.2.7")
    #expect(client("127.0.0.1", "192.0.2.7", "10.1.2.3") == "192.0.2.7")
    #expect(client("192.0.2.9", "192.0.2.7") == "192.0.2.9", "not a trusted proxy")
    #expect(client("127.0.0.1", "192.0.2.7, unknown") == "127.0.0.1")
    #expect(client("127.0.0.1") == "127.0.0.1")
    #expect(client("127.0.0.1", "10.0.0.1") == "10.0.0.1", "a proxy may be the client itself")
    #expect([AddressRange]().client("127.0.0.1", forwarded: ["192.0.2.7"]) == "127.0.0.1")
  }

  @Test("loopback hosts are recognized")
  func loopback() {
    for host in ["127.0.0.1", "127.8.8.8", "::1", "localhost", "[::1]"] { #expect(ClientAddress.isLoopback(host)) }
    for host in ["0.0.0.0", "::", "192.0.2.7", "registry.example"] { #expect(!ClientAddress.isLoopback(host)) }
  }

  @Test("all addresses of an IPv6 network count as one client")
  func networks() {
    #expect(ClientAddress.network("2001:db8:1:2:3:4:5:6") == ClientAddress.network("2001:db8:1:2::1"))
    #expect(ClientAddress.network("2001:db8:1:2::1") != ClientAddress.network("2001:db8:1:3::1"))
    #expect(ClientAddress.network("192.0.2.7") == "192.0.2.7")
    #expect(ClientAddress.network("unknown") == "unknown")
  }
}

@Suite("Host names of the console")
struct HostNameTests {
  private let names = HostNames(
    ["db7"], publicNames: ["Registry.example", "other.example:8443", "usual.example:443"].compactMap(PublicName.init))

  @Test(
    "a host name or address, with an optional port, is a valid public name",
    arguments: [
      "registry", "registry.example.org", "registry.example.org.", "xn--kpry57d.tw", "my_host:8443", "7registry.tw",
      "192.0.2.7", "192.0.2.7:8443", "[2001:db8::1]", "[2001:db8::1]:8443", "localhost:65535", " registry ",
    ])
  func publicNames(text: String) { #expect(PublicName(text) != nil) }

  @Test(
    "any other text is not a valid public name",
    arguments: [
      "https://registry.example.org", "https://registry.example.org:8443/", "registry.example.org/", "*.example.org",
      "*", ":8443", "8443", "registry:", "registry:0", "registry:65536", "registry:１", "registry:80:80", "a..b", "..",
      "registry example", "user@registry", "登記.tw", "-registry.tw", "999.1.1.1", "192.0.2", "2001:db8::1", "[evil]",
      "[::1]x", "[::1", "",
    ])
  func notPublicNames(text: String) { #expect(PublicName(text) == nil) }

  @Test(
    "own names, public names, IP addresses and localhost are allowed",
    arguments: [
      "db7:8000", "registry.example", "REGISTRY.example:443", "registry.example.", "other.example:8443",
      "localhost:8000",
      "x.localhost", "192.0.2.7:8000", "[2001:db8::1]:8000", "[::1]",
    ])
  func own(host: String) { #expect(names.allow(host: host)) }

  @Test(
    "other hosts are rejected",
    arguments: ["evil.example", "registry.example.evil.example", "", "[evil]:80", "127.0.0.1.evil.example", "a:b:c"])
  func others(host: String) { #expect(!names.allow(host: host)) }

  @Test("the origin of a form must be the page's own address or a public name")
  func origins() {
    #expect(names.allow(host: nil))
    for (origin, host) in [
      ("http://db7:8000", "db7:8000"), ("https://registry.example", "127.0.0.1:8000"),
      ("https://other.example:8443", "127.0.0.1:8000"), ("https://REGISTRY.example", "x"),
      ("https://usual.example", "127.0.0.1:8000"),
    ] {
      #expect(names.allow(origin: origin, host: host), "\(origin)")
    }
    for (origin, host) in [
      ("null", "null"), ("", ""), ("http://db7:8000", "db7:8001"), ("https://registry.example:444", "127.0.0.1:8000"),
      ("https://other.example", "127.0.0.1:8000"), ("ftp://registry.example", "registry.example"),
    ] {
      #expect(!names.allow(origin: origin, host: host), "\(origin)")
    }
  }
}

@Suite("Account limits")
struct TurnTests {
  @Test("a caller waits only for callers of the same account, and the number of waiting callers is limited")
  func turns() async throws {
    let turns = AccountLimiter(atMost: 1, waiting: 2)
    var first: AccountLimiter.Permit? = try await turns.wait("ann")
    #expect(turns.acquire("ann") == nil)
    let other = try await turns.wait("bob")
    let waiting = (0..<2).map { _ in Task { _ = try await turns.wait("ann") } }
    // A further caller is rejected only once both are waiting.
    while turns.waiting("ann") < 2 { await Task.yield() }
    await #expect(throws: AccountLimiter.Full.self) { try await turns.wait("ann") }
    #expect(turns.waiting("ann") == 2)
    first = nil
    _ = first
    for task in waiting { try await task.value }
    #expect(turns.acquire("ann") != nil)
    withExtendedLifetime(other) {}
  }
}
