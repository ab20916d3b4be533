import FoundationEssentials
import GeneratorKit
import Testing

@Suite("Options and dates")
struct OptionTests {
  @Test("options that cannot be satisfied are refused")
  func refused() {
    func refuses(_ change: (inout GeneratorOptions) -> Void) -> Bool {
      var options = GeneratorOptions(rows: 10)
      change(&options)
      do throws(InvalidOptions) {
        _ = try Generator(options)
        return false
      } catch {
        return true
      }
    }
    #expect(!refuses { _ in })
    #expect(refuses { $0.rows = -1 })
    #expect(refuses { $0.rows = 9_700_001 })
    #expect(refuses { $0.day = -1 })
    #expect(refuses { $0.day = 10_000 })
    #expect(refuses { $0.changes.new = -1 })
    #expect(refuses { ($0.rows, $0.dirt) = (1, DirtAmounts(ofEach: 1)) })
    #expect(refuses { $0.dirt[.blank] = 600_001 })
  }

  @Test("dates are parsed, formatted and added to")
  func dates() throws {
    for text in ["2026-9-01", "2026-02-29", "2026-13-01", "2026-00-10", "26-09-01", "", "2026-09-01-", "２０２６-09-01"] {
      #expect(CalendarDate(iso: text) == nil, "\(text)")
    }
    let date = try #require(CalendarDate(iso: "2024-02-28"))
    #expect(date.adding(days: 1).description == "2024-02-29")
    #expect(date.adding(days: 2).description == "2024-03-01")
    #expect(date.adding(days: -59).description == "2023-12-31")
    #expect(GeneratorOptions(rows: 0).date.description == "2026-09-01")
  }

  @Test("no two indices have the same BAN, neither of businesses nor of dirt")
  func wholeSpace() {
    let space = BANSpace(seed: 4)
    let indices = (0..<20_000).flatMap { [$0, $0 + BANSpace.businesses, BANSpace.businesses - 1 - $0] }
    var bans: Set<[UInt8]> = []
    for index in indices {
      var ban: [UInt8] = []
      space.appendBAN(index, to: &ban)
      #expect(BANSpace.isValid(ban))
      bans.insert(ban)
    }
    #expect(bans.count == indices.count)
  }

  @Test("known BANs are validated correctly")
  func knownBANs() {
    for ban in ["04595257", "12345675", "12345676", "00501503", "10458575", "12345670", "12345671", "60745325"] {
      #expect(BANSpace.isValid(Array(ban.utf8)), "\(ban)")
    }
    for ban in ["12345678", "12345672", "04595253", "00501502"] {
      #expect(!BANSpace.isValid(Array(ban.utf8)), "\(ban)")
    }
  }

  @Test("no area's text is a prefix of another's")
  func areas() {
    let areas = Places.shared.areas.map(\.text)
    #expect(areas.count > 360)
    for (left, right) in zip(areas, areas.dropFirst()) {
      #expect(left.lexicographicallyPrecedes(right))
      #expect(!right.starts(with: left))
    }
  }

  @Test("the manifest is read back unchanged")
  func manifest() throws {
    var options = GeneratorOptions(rows: 30)
    options.day = 1
    options.changes = DailyChanges(new: 2, moved: 1)
    options.dirt = DirtAmounts(ofEach: 1)
    let expectation = try Generator(options).generate().expectation
    #expect(try JSONDecoder().decode(ExpectedResult.self, from: Data(expectation.json())) == expectation)
    options.hasStamp = false
    let json = String(decoding: try Generator(options).generate().expectation.json(), as: UTF8.self)
    #expect(json.contains("\"source_date\" : null"))
  }
}
