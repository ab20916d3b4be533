import GeneratorKit
import Testing

@Suite("Days")
struct DayTests {
  private func snapshot(day: Int, dirt: Int = 0) throws -> (validator: PlainValidator, expectation: ExpectedResult) {
    var options = GeneratorOptions(rows: 800, seed: 21)
    options.day = day
    options.changes = DailyChanges(new: 30, closed: 25, returned: 4, moved: 20, renamed: 15, recapitalised: 10)
    options.dirt = DirtAmounts(ofEach: dirt)
    options.dirt[.recordTooLong] = 0
    let (bytes, expectation) = try Generator(options).generate()
    let validator = PlainValidator(bytes)
    expectEqual(expectation, validator, bytes)
    return (validator, expectation)
  }

  @Test("days differ in exactly the announced businesses", arguments: [0, 3])
  func differences(dirt: Int) throws {
    var before = try snapshot(day: 0, dirt: dirt)
    for day in 1...5 {
      let after = try snapshot(day: day, dirt: dirt)
      #expect(after.expectation.days.count == day)
      #expect(after.expectation.days.dropLast() == before.expectation.days[...])
      let announced = try #require(after.expectation.days.last)
      #expect(announced == difference(before.validator.accepted, after.validator.accepted, announced))
      #expect(announced.new.count == 30)
      #expect(announced.closed.count == 25)
      #expect(announced.returned.count == (day == 1 ? 0 : 4))
      #expect(announced.moved.count == 20)
      #expect(announced.renamed.count == 15)
      #expect(announced.recapitalised.count == 10)
      before = after
    }
  }

  @Test("days stay sorted, and each has its date")
  func sorted() throws {
    let (validator, expectation) = try snapshot(day: 30)
    for (left, right) in zip(validator.addresses, validator.addresses.dropFirst()) {
      #expect(!right.utf8.lexicographicallyPrecedes(left.utf8))
    }
    #expect(expectation.sourceDate == "2026-10-01")
    #expect(validator.sourceStamp == "01-OCT-26")
    #expect(Set(validator.bans).count == validator.bans.count)
  }

  @Test("days without changes differ only in the stamp row")
  func noChanges() throws {
    var options = GeneratorOptions(rows: 50)
    let first = try Generator(options).generate().bytes.split(separator: 10)
    options.day = 1
    let second = try Generator(options).generate().bytes.split(separator: 10)
    #expect(first[1] != second[1])
    #expect(first[2...] == second[2...])
  }

  @Test("days that need more businesses than exist are refused")
  func tooMany() {
    var options = GeneratorOptions(rows: 10)
    options.day = 2
    options.changes = DailyChanges(closed: 6)
    #expect(throws: InvalidOptions.self) { try Generator(options) }
    options.changes = DailyChanges(closed: 5)
    #expect(throws: Never.self) { try Generator(options) }
  }

  /// Returns the actual differences in the form of the announced ones. Two days do not show whether a business is new
  /// or returned, so the announcement decides.
  private func difference(
    _ before: [String: [String?]], _ after: [String: [String?]], _ announced: DayChanges
  ) -> DayChanges {
    var found = DayChanges(day: announced.day)
    for ban in Set(before.keys).union(after.keys).sorted() {
      switch (before[ban], after[ban]) {
      case (nil, _?):
        if announced.returned.contains(ban) { found.returned.append(ban) } else { found.new.append(ban) }
      case (_?, nil):
        found.closed.append(ban)
      case (let old?, let new?) where old != new:
        let columns = (0..<16).filter { old[$0] != new[$0] }
        switch columns {
        case [0]: found.moved.append(ban)
        case [3]: found.renamed.append(ban)
        case [4]: found.recapitalised.append(ban)
        default: Issue.record("\(ban) differs in columns \(columns)")
        }
      default:
        break
      }
    }
    return found
  }
}
